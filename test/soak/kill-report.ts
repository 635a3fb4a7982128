/** Lets lanes work off moments side by side, and counts what they did. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Surroundings } from './kill-processes.ts';
import { boundNames, namedMemory, tcpPorts } from './remains.ts';

export interface KillReport {
  /** Processes or runs that were killed, by phase. */
  readonly kills: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
}

interface Worker<Job> {
  /** @returns what is wrong after it */
  kill(job: Job): Promise<string[]>;
  end(): Promise<void>;
}

const LANES = 3;
/** With so many found, the rest would only say the same. */
const ENOUGH_PROBLEMS = 10;
/** A bound for the whole, beyond the time-out of every test. */
const LIMIT_MS = 3_600_000;

export async function killSideBySide<Job extends { readonly phase: string }>(
  source: string,
  jobs: readonly Job[],
  openLane: (lane: number, surroundings: Surroundings) => Promise<Worker<Job>>,
): Promise<KillReport> {
  const folder = mkdtempSync(path.join(tmpdir(), 'portslice-kills-'));
  const before = everythingShared();
  setTimeout(() => process.exit(1), LIMIT_MS).unref();
  const queue = jobs.toSorted(() => Math.random() - 0.5);
  const kills: Record<string, number> = {};
  const problems: string[] = [];
  try {
    await Promise.all(Array.from({ length: Math.min(LANES, queue.length) }, (_, lane) => workOff(lane)));
    problems.push(
      ...everythingShared()
        .filter((one) => !before.includes(one))
        .map((one) => `in the end: ${one}`),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { kills, problems };

  async function workOff(number: number): Promise<void> {
    const own = path.join(folder, String(number));
    mkdirSync(own);
    const lane = await openLane(number, { source, folder: own, cacheFolder: path.join(folder, 'cache') });
    try {
      for (let job = queue.pop(); job !== undefined && problems.length < ENOUGH_PROBLEMS; job = queue.pop()) {
        problems.push(...(await lane.kill(job)));
        kills[job.phase] = (kills[job.phase] ?? 0) + 1;
      }
    } finally {
      await lane.end();
    }
  }
}

function everythingShared(): string[] {
  return [...boundNames(), ...tcpPorts().map((port) => `a socket of port ${port}`), ...namedMemory()];
}
