/** Runs a few lines of JavaScript in a new process, in the project's folder, so that './src/index.ts' can be imported. */
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { cleanEnvironment } from './environment.ts';
import { startProcess } from './live-process.ts';

export const projectFolder: string = path.resolve(import.meta.dirname, '../..');

export interface ScriptResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ScriptOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeOptions?: readonly string[];
  readonly nodePath?: string;
  /** A program that starts another one, with its arguments: `['unshare', '--net']`. */
  readonly wrapper?: readonly string[];
}

export async function runScript(code: string, options: ScriptOptions = {}): Promise<ScriptResult> {
  const { env = {}, nodeOptions = [], nodePath = process.execPath, wrapper = [] } = options;
  const { child, exit } = startProcess(
    [...wrapper, nodePath, ...nodeOptions, '--input-type=module', '-e', code],
    {
      cwd: projectFolder,
      env: cleanEnvironment(env),
      stdout: 'pipe',
    },
  );
  const [stdout, { code: status, stderr }] = await Promise.all([
    text(child.stdout as NodeJS.ReadableStream),
    exit,
  ]);
  return { status, stdout, stderr };
}

/** As `runScript`, but fails with the script's own output if it does not end well. */
export async function runToSuccess(code: string, options: ScriptOptions = {}): Promise<ScriptResult> {
  const result = await runScript(code, options);
  if (result.status !== 0) throw new Error(`The script ended with ${result.status}:\n${result.stderr}`);
  return result;
}

/** The JSON that the script prints, which has to end well. */
export async function scriptOutput<T>(code: string, options: ScriptOptions = {}): Promise<T> {
  const { stdout } = await runToSuccess(code, options);
  return JSON.parse(stdout) as T;
}
