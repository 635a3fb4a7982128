/** The bare system calls in C: claims.c, compiled where there is a compiler. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SustainedTimes } from './allocator.program.ts';

/** Two lists of calls, as claims.c reads them. */
export interface CallSequence {
  /** Made once, for sockets that are made ahead. */
  readonly before: readonly string[];
  readonly cycle: readonly string[];
}

/** Of portslice, in a process without worker threads: what call-trace.ts must find. */
export const PORTSLICE_CALLS: CallSequence = {
  before: [],
  cycle: [
    'lock.socket',
    'lock.bind',
    'hold.socket',
    'hold.REUSEADDR=1',
    'hold.bind',
    'hold.REUSEPORT=1',
    // The release: does anything still listen?
    'hold.REUSEPORT=0',
    'hold.listen',
    'hold.close',
    'lock.close',
  ],
};

/** Of node:net's server.listen(0) and close. */
export const LISTEN_CALLS: CallSequence = {
  before: [],
  cycle: [
    'server.socket',
    'server.V6ONLY=0',
    'server.REUSEADDR=1',
    'server.bind0',
    'server.getsockname',
    'server.listen',
    'server.close',
  ],
};

export interface BareCalls extends Disposable {
  time(calls: CallSequence, durationMs: number): SustainedTimes;
  /** For a measurement by another process: after the duration it needs two ports, and prints mean and median in
   * nanoseconds. */
  command(calls: CallSequence, durationMs: number): string[];
}

/** Over which it rotates. */
const PORTS = [10_000, 32_000] as const;
const TIMEOUT_MS = 60_000;

/** @returns undefined on a machine without a C compiler */
export function compileBareCalls(): BareCalls | undefined {
  const compiler = ['cc', 'gcc', 'clang'].find(
    (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
  );
  if (compiler === undefined) return undefined;
  const folder = mkdtempSync(path.join(tmpdir(), 'portslice-bench-'));
  const file = path.join(folder, 'claims');
  execFileSync(compiler, ['-O2', '-o', file, path.join(import.meta.dirname, 'claims.c')]);
  const command: BareCalls['command'] = ({ before, cycle }, durationMs) => [
    file,
    String(durationMs),
    before.join(' '),
    cycle.join(' '),
  ];
  return {
    command,
    time: (calls, durationMs) => {
      const [, duration = '', ...lists] = command(calls, durationMs);
      const args = [duration, ...PORTS.map(String), ...lists];
      const output = execFileSync(file, args, { encoding: 'utf8', timeout: TIMEOUT_MS });
      const [meanUs, medianUs] = output.split(' ').map((text) => Number(text) / 1000) as [number, number];
      return { meanUs, medianUs };
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
