/** The run whose main process this is: what its global setup publishes of it, for its workers and for the reporter beside it. */
import { epochMs, monotonicStartEpochMs } from '../platform/clock.ts';
import { publishedRunFacts, publishRunFacts } from '../platform/environment.ts';
import { ofThisPlatform, platform } from '../platform/platform.ts';
import { threadState } from '../platform/thread-state.ts';
import { attachSession } from '../pool/session/attach-session.ts';
import { findExcludedPorts } from '../pool/session/excluded-ports.ts';
import type { PoolSession } from '../pool/session/pool-session.ts';
import type { ServerPortOptions } from '../pool/session/server-ports.ts';
import { type PortRecord, readRecords } from '../pool/session/snapshot.ts';
import { ownRunPorts } from '../server/run-ports/own-run-ports.ts';
import type { MachineReport } from './format.ts';
import type { ThisMachine } from './machines.ts';
import { type PoolParts, writeRunFacts } from './run-facts.ts';

export interface OwnRun {
  /** Of its pool; undefined: it has none. */
  readonly handle: string | undefined;
  /** Of that pool. */
  readonly options: ServerPortOptions;
  readonly shard: MachineReport['shard'];
}

interface OwnFacts {
  text: string | undefined;
  /** Its memory can be read also after its end. */
  session: PoolSession | undefined;
}

/** It stays after the end of the run: the reporters are told of that last. */
function ownFacts(): OwnFacts {
  return threadState<OwnFacts>('run-facts', () => ({ text: undefined, session: undefined }));
}

/** @returns what takes it back */
export function publishOwnRun(run: OwnRun): () => void {
  const outer = publishedRunFacts();
  const facts = ownFacts();
  // Vitest calls the global setup once for each project.
  if (outer !== undefined && outer === facts.text) return () => undefined;
  facts.session = run.handle === undefined ? undefined : attachSession(run.handle);
  facts.text = describeRun(run);
  publishRunFacts(facts.text);
  return () => publishRunFacts(outer);
}

/** As `RunFacts`; of a run without global setup only the machine is known. */
export function factsOfOwnRun(shard: MachineReport['shard']): string {
  return ownFacts().text ?? describeRun({ handle: undefined, options: {}, shard });
}

/** What workers had that have ended without giving it back. */
export function findLostPorts(): PortRecord[] {
  const { session } = ownFacts();
  const records = session === undefined ? [] : readRecords(session);
  return records.filter(
    ({ state, processId, threadId }) =>
      state === 'held' && processId !== process.pid && !platform.isAlive(threadId),
  );
}

function describeRun({ handle, options, shard }: OwnRun): string {
  const { hostName, bootedAtMs, nowMs } = readThisMachine();
  return writeRunFacts({
    hostName,
    platform: describeSystem(),
    bootedAtMs,
    startedAtMs: nowMs,
    shard,
    pool: handle === undefined ? undefined : describePool(handle, options),
    runPorts: ownRunPorts().all.map(({ name, port }) => ({ name, port })),
  });
}

function describePool(handle: string, options: ServerPortOptions): PoolParts {
  const { segment } = attachSession(handle);
  const { runId, ports, slices } = segment;
  return { runId, ports, slices, excluded: findExcludedPorts(options) };
}

export function readThisMachine(): ThisMachine {
  const { hostname } = process.getBuiltinModule('node:os');
  return { hostName: hostname(), bootedAtMs: Math.round(monotonicStartEpochMs()), nowMs: epochMs() };
}

function describeSystem(): string {
  const { release } = process.getBuiltinModule('node:os');
  return `${ofThisPlatform({}, (name) => name)} ${release()} ${process.arch}`;
}
