/**
 * A thread that knows nothing of portslice: it opens and closes files all the time, hundreds at once, and finds out whether
 * each descriptor is still the same file when it closes it itself. See threads.program.ts.
 */
import { closeSync, fstatSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '../support/serve.ts';
import { until } from '../support/until.ts';

export interface BystanderReport {
  readonly opened: number;
  /** What was closed or replaced by somebody else. */
  readonly disturbed: readonly string[];
}

interface OpenFile {
  readonly descriptor: number;
  readonly inode: bigint;
}

const FILES = 600;
/** Between two looks at whether to end. */
const TURNS = 200;
/** It lets other threads run where there are few cores. */
const PAUSE_MS = 1;

const folder = mkdtempSync(path.join(tmpdir(), 'portslice-bystander-'));
const names = Array.from({ length: FILES }, (_, index) => path.join(folder, String(index)));
for (const name of names) writeFileSync(name, '');
const disturbed: string[] = [];
const end = new AbortController();
let opened = 0;

const commands = {
  work: async (): Promise<BystanderReport> => {
    const files = names.map(open);
    while (!end.signal.aborted) {
      for (let turn = 0; turn < TURNS; turn++) {
        const index = Math.floor(Math.random() * FILES);
        close(files[index] as OpenFile);
        files[index] = open(names[index] as string);
      }
      await sleep(PAUSE_MS);
    }
    files.forEach(close);
    rmSync(folder, { recursive: true });
    return { opened, disturbed };
  },
  /** Resolves when it has done as many turns again. */
  workOn: async (): Promise<void> => {
    const enough = opened + TURNS;
    await until('the bystander at work', () => opened >= enough);
  },
  stop: (): void => end.abort(),
};
export type BystanderCommands = typeof commands;
serve(commands);

function open(name: string): OpenFile {
  const descriptor = openSync(name, 'r');
  opened++;
  return { descriptor, inode: inodeOf(descriptor) };
}

/** What is no longer its own it leaves alone. */
function close({ descriptor, inode }: OpenFile): void {
  try {
    if (inodeOf(descriptor) !== inode) throw new Error('it is another file');
    closeSync(descriptor);
  } catch (error) {
    disturbed.push(`${descriptor}: ${String(error)}`);
  }
}

function inodeOf(descriptor: number): bigint {
  return fstatSync(descriptor, { bigint: true }).ino;
}
