/**
 * A crowd: processes of different users and in different namespaces that all want ports out of the same few, and serve
 * on them. They are judged by the log that their servers write, with test/contention/verdict.ts.
 */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Outcome, startWatched, type Watched } from './watched.ts';

export interface Member {
  readonly name: string;
  readonly wrapper?: readonly string[];
  readonly userId?: number;
  readonly env: Readonly<Record<string, string>>;
}

export interface CrowdPlan {
  readonly slots: number;
  readonly roundsPerSlot: number;
}

/** The only argument of a member's program, as JSON. */
export interface MemberConfig extends CrowdPlan {
  readonly name: string;
  readonly logFile: string;
  readonly userId?: number;
}

export interface MemberReport {
  readonly completedRounds: number;
  /** How often no port was free at once, so that the member had to wait. */
  readonly exhaustions: number;
  /** Codes of the warnings. */
  readonly warnings: readonly string[];
  readonly descriptorsBefore: number;
  readonly descriptorsAfter: number;
  readonly processId: number;
}

export interface CrowdLog extends Disposable {
  readonly file: string;
}

export function openCrowdLog(): CrowdLog {
  const folder = mkdtempSync(path.join(tmpdir(), 'portslice-crowd-'));
  const file = path.join(folder, 'events.jsonl');
  appendFileSync(file, '');
  return { file, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

const program = new URL('crowd.program.ts', import.meta.url);

/** Lets all members do all of their rounds; nobody begins before the last is there. */
export async function runCrowd(
  logFile: string,
  members: readonly Member[],
  plan: CrowdPlan,
): Promise<Outcome<MemberReport>[]> {
  const started: Watched<MemberReport>[] = [];
  try {
    for (const { name, wrapper = [], userId, env } of members) {
      const config: MemberConfig = { ...plan, name, logFile, ...(userId === undefined ? {} : { userId }) };
      started.push(startWatched<MemberReport>(program, config, { wrapper, env }));
    }
    await Promise.all(started.map(async (member) => member.started));
    for (const member of started) member.begin();
    return await Promise.all(started.map(async (member) => member.ended));
  } finally {
    await Promise.all(started.map(async (member) => member.kill()));
  }
}
