/** Starts a server program on a port that the test owns, and stops it again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TCPPortOwner, waitForListening } from 'portslice';

export interface Server extends AsyncDisposable {
  readonly pid: number;
  /** Ends the process and waits until it is gone. `await using server = ...` does it at the end of the block. */
  stop(): Promise<void>;
}

export interface ServerCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** See `makeServerFolder`. */
  readonly folder: string;
}

/** `npm run demo` keeps the servers' folders here, to read their logs afterwards. */
const keptFolders = process.env['DEMO_FOLDER'];

/** A folder of its own for a server's configuration and its log, `server.log`. */
export function makeServerFolder(kind: 'node' | 'python' | 'redis' | 'nginx'): string {
  return mkdtempSync(path.join(keptFolders ?? tmpdir(), `${kind}-`));
}

/** Resolves as soon as the server accepts connections; rejects if it ends before. */
export async function startServer(port: TCPPortOwner, command: ServerCommand): Promise<Server> {
  // Into a file: if the server outlived the worker with the worker's own output in hand, Vitest would wait for it.
  const outputFile = path.join(command.folder, 'output.txt');
  const output = openSync(outputFile, 'a');
  const child = spawn(command.program, command.args, { stdio: ['ignore', output, output] });
  closeSync(output);
  await once(child, 'spawn');
  const pid = child.pid as number;
  const stop = async (): Promise<void> => {
    await end(child);
    if (keptFolders === undefined) rmSync(command.folder, { recursive: true, force: true });
  };
  try {
    await waitForListening(port, { pid });
  } catch (cause) {
    const text = readFileSync(outputFile, 'utf8');
    await stop();
    throw new Error(`${command.program} did not start. It printed: ${text || 'nothing'}`, { cause });
  }
  return { pid, stop, [Symbol.asyncDispose]: stop };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}
