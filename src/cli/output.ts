/**
 * What the command prints to its standard output. Colours only on a terminal that has them: Node's styleText heeds NO_COLOR,
 * NODE_DISABLE_COLORS and FORCE_COLOR. Text of others goes through `harmless`, `fit` or a table first.
 */
import type { styleText } from 'node:util';
import { tell } from '../server/run-ports/claim-run-port.ts';
import { OWN_FAILURE } from './exit-codes.ts';

export type Style = Parameters<typeof styleText>[0];

export function styled(style: Style, text: string): string {
  return process.getBuiltinModule('node:util').styleText(style, text, { stream: process.stdout });
}

/** In columns; undefined: no terminal reads it. */
export function terminalWidth(): number | undefined {
  return process.stdout.isTTY ? process.stdout.columns : undefined;
}

export function isTerminal(): boolean {
  return process.stdout.isTTY;
}

export function printLine(text = ''): void {
  print(`${text}\n`);
}

/** One value, and nothing else. 'in one line': where others follow. */
export function printJSON(value: unknown, form: 'for people too' | 'in one line' = 'for people too'): void {
  print(`${escapeControls(JSON.stringify(value, undefined, form === 'in one line' ? 0 : 2))}\n`);
}

/** A value in one line, to the standard error: for commands whose standard output is that of another program. */
export function tellJSON(value: unknown): void {
  process.stderr.write(`${escapeControls(JSON.stringify(value))}\n`);
}

/** No literal: V8 would look up the class while it reads this file, which every command loads. */
const CONTROLS = String.raw`[\u007f-\u009f\u2028\u2029]|\p{Cf}`;

/** JSON itself escapes only those below 32. A program reads the same. */
function escapeControls(json: string): string {
  return json.replaceAll(new RegExp(CONTROLS, 'gu'), escapeCharacter);
}

function escapeCharacter(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

let isPrinting = false;
let isProblemTold = false;

/** Also for the help. Where nobody listens to the problems of the standard output, one ends the process with a stack. */
export function print(text: string): void {
  const { stdout } = process;
  if (!isPrinting) stdout.on('error', noteProblem);
  isPrinting = true;
  stdout.write(text);
}

/** Whoever reads only a part of it, as `head` does, has what he wants. */
function noteProblem({ code, message }: NodeJS.ErrnoException): void {
  if (code === 'EPIPE' || isProblemTold) return;
  isProblemTold = true;
  tell(`the output cannot be written: ${message}`);
  process.exitCode = OWN_FAILURE;
}
