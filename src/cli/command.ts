/** What every command of `portslice` has: its help, in one form. */
import type { Command } from 'commander';
import { EXIT_CODES } from './exit-codes.ts';
import { styled } from './output.ts';

/** Adds a command to the program. Its action calls `end` with the exit code; without that the code is 0. */
export type AddCommand = (program: Command, end: (exitCode: number) => void) => void;

interface HelpTexts {
  /** In paragraphs, before the examples. */
  readonly notes?: readonly string[];
  readonly examples: readonly string[];
  /** Besides the numbers of the table. */
  readonly exitCodeNotes?: readonly string[];
}

/** What the command's help has after its options. */
export function addHelpTexts(
  command: Command,
  { notes = [], examples, exitCodeNotes = [] }: HelpTexts,
): void {
  command.addHelpText('after', () => {
    const wrap = wrapperOf(command);
    const codes = EXIT_CODES[command.name()] ?? [];
    const rows = codes.map(({ code, meaning }) => wrap(meaning, `  ${String(code).padEnd(CODE_WIDTH)}`));
    return [
      ...notes.map((note) => `\n${wrap(note)}`),
      exampleSection(examples),
      section('Exit codes', [...exitCodeNotes.map((note) => wrap(note, '  ')), ...rows]),
    ].join('\n');
  });
}

const CODE_WIDTH = 5;

/** What the help of the program itself has. */
export function addExamples(program: Command, examples: readonly string[]): void {
  program.addHelpText('after', () => exampleSection(examples));
}

/** To the width of the help. The lines after the first are indented as far as the text before the first. */
function wrapperOf(command: Command): (text: string, before?: string) => string {
  const width = command.configureOutput().getOutHelpWidth?.() ?? DEFAULT_WIDTH;
  const help = command.createHelp();
  return (text, before = '') =>
    before + help.boxWrap(text, width - before.length).replaceAll('\n', `\n${' '.repeat(before.length)}`);
}

const DEFAULT_WIDTH = 80;

function exampleSection(examples: readonly string[]): string {
  return section(
    'Examples',
    examples.map((example) => `  $ ${example}`),
  );
}

function section(title: string, lines: readonly string[]): string {
  return [`\n${styled('bold', `${title}:`)}`, ...lines].join('\n');
}
