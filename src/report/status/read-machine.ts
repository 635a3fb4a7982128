/** Reads the status of a machine: what the kernel shows, joined with what the pools have written down. */
import { groupBy } from '../../core/group-by.ts';
import { HeaderWord } from '../../core/segment-layout.ts';
import type { Segment } from '../../core/segment.ts';
import { epochMs } from '../../platform/clock.ts';
import { type LockedPort, machineLookup, type MachineReading } from '../../platform/machine-lookup.ts';
import { platform } from '../../platform/platform.ts';
import { type CopiedPool, copyPools } from './copied-pools.ts';
import { KnownProcesses } from './known-processes.ts';
import { type LiveClaim, matchClaims } from './live-claims.ts';
import {
  type MachineStatus,
  type OtherLocks,
  type PoolCounts,
  type PoolStatus,
  type ProcessStatus,
  type ReadablePool,
  type ServedName,
  STATUS_VERSION,
  type StatusTotals,
} from './machine-status.ts';
import { readWorkers } from './pool-workers.ts';
import { runnerOf } from './runner-name.ts';

/** Pools can begin while we look. */
const MAX_READINGS = 3;

interface Snapshot {
  readonly reading: MachineReading;
  readonly pools: readonly CopiedPool[];
  readonly claims: readonly LiveClaim[];
  readonly otherLocks: readonly LockedPort[];
  readonly processes: KnownProcesses;
}

/** Takes milliseconds. @throws UnsupportedPlatformError, ForeignFunctionError */
export function readMachineStatus(): MachineStatus {
  const kernel = platform.openKernel();
  const snapshot = takeSnapshot();
  const { reading, processes } = snapshot;
  const listeners = groupBy(reading.listeners, ({ port }) => port);
  const listenersOf = (port: number): ProcessStatus[] =>
    unique(listeners.get(port) ?? []).map(({ listener }) => processes.describe(listener));
  const pools = snapshot.pools.map((pool) => describePool(pool, snapshot, listenersOf)).toSorted(byStart);
  const otherLocks = describeOthers(snapshot, listenersOf);
  return {
    version: STATUS_VERSION,
    readAtMs: Math.round(epochMs()),
    networkNamespace: kernel.networkNamespace(),
    pools,
    otherLocks,
    showsAllLocks: reading.showsAllLocks,
    totals: countTotals(pools, otherLocks),
  };
}

/** What the kernel shows is read first. A lock that belongs to no record is looked at once more: its port can have been released meanwhile. */
function takeSnapshot(): Snapshot {
  let reading = readKernel();
  for (let count = 1; ; count++) {
    const pools = copyPools(reading.memories);
    const segments = pools.flatMap(({ segment }) => segment ?? []);
    const processes = new KnownProcesses();
    const { claims, otherLocks } = matchClaims(reading, segments, processes);
    const snapshot = { reading, pools, claims, otherLocks, processes };
    if (otherLocks.length === 0 && !pools.some(({ isStale }) => isStale)) return snapshot;
    const later = readKernel();
    if (count === MAX_READINGS || !hasNewMemory(later, reading)) return withoutEnded(snapshot, later);
    reading = later;
  }
}

function readKernel(): MachineReading {
  const shown = machineLookup.readMachine();
  if (shown !== undefined) return shown;
  const memories = platform.openKernel().findMemories();
  return {
    memories: memories.map((locator) => ({ locator, holder: {} })),
    locks: [],
    showsAllLocks: false,
    servedPorts: [],
    listeners: [],
  };
}

function hasNewMemory(later: MachineReading, earlier: MachineReading): boolean {
  const known = new Set(earlier.memories.map(({ locator }) => locator));
  return later.memories.some(({ locator }) => !known.has(locator));
}

function withoutEnded(snapshot: Snapshot, later: MachineReading): Snapshot {
  const locks = new Map(later.locks.map(({ port, lockId }) => [port, lockId]));
  const locators = new Set(later.memories.map(({ locator }) => locator));
  return {
    ...snapshot,
    pools: snapshot.pools.filter(({ memory, isStale }) => !isStale || locators.has(memory.locator)),
    otherLocks: snapshot.otherLocks.filter(
      ({ port, lockId }) => locks.has(port) && locks.get(port) === lockId,
    ),
  };
}

function describePool(
  { creator, segment, problem = '' }: CopiedPool,
  snapshot: Snapshot,
  listenersOf: (port: number) => readonly ProcessStatus[],
): PoolStatus {
  const { processes, claims, reading } = snapshot;
  const main = processes.describe(creator);
  if (segment === undefined)
    return {
      isReadable: false,
      runner: main.command === undefined ? undefined : runnerOf(main.command, []),
      process: main,
      problem,
    };
  const workers = readWorkers({
    segment,
    claims: claims.filter((claim) => claim.segment === segment),
    processes,
    isOfOurNamespace: creator.processId === segment.creatorProcessId,
    listenersOf,
  });
  return {
    isReadable: true,
    runId: segment.runId,
    runner: runnerOf(
      main.command,
      workers.map(({ process: { command } }) => command),
    ),
    isPrivate: segment.slices.length === 1,
    process: main,
    startedAtMs: Math.round(segment.startEpochMs),
    portCount: segment.ports.length,
    counts: readCounts(segment),
    workers,
    servedNames: findServedNames(reading, main.processId, workers),
  };
}

/** Whatever a damaged pool holds, they are counts. */
function readCounts(segment: Segment): PoolCounts {
  const count = (word: number): number => segment.header(word) >>> 0;
  return {
    claims: count(HeaderWord.lifetimeClaims),
    peakPorts: count(HeaderWord.peakClaims),
    borrowedPorts: count(HeaderWord.borrowedClaims),
    waits: count(HeaderWord.waits),
    leaks: count(HeaderWord.leaks),
  };
}

/** Of the pool's own ports. One that is ready has said before that it starts. */
function findServedNames(
  { servedPorts }: MachineReading,
  processId: number | undefined,
  workers: ReadablePool['workers'],
): ServedName[] {
  const ports = new Set(workers.flatMap((worker) => worker.ports.map(({ port }) => port)));
  const own = servedPorts.filter((served) => served.processId === processId && ports.has(served.port));
  const names = groupBy(own, ({ name, port }) => `${name} ${port}`);
  return [...names.values()].flatMap(([first, ...others]) =>
    first === undefined
      ? []
      : [{ name: first.name, port: first.port, isReady: [first, ...others].some(({ isReady }) => isReady) }],
  );
}

function describeOthers(
  { otherLocks, processes }: Snapshot,
  listenersOf: (port: number) => readonly ProcessStatus[],
): OtherLocks[] {
  const groups = groupBy(otherLocks, ({ holder }) => `${holder.processId ?? ''} ${holder.userId ?? ''}`);
  return [...groups.values()].map((locks) => ({
    process: processes.describe(locks[0]?.holder ?? {}),
    ports: locks
      .map(({ port }) => ({ port, listeners: listenersOf(port) }))
      .toSorted((one, other) => one.port - other.port),
  }));
}

/** One entry a process, however many sockets it has. */
function unique(listeners: MachineReading['listeners']): MachineReading['listeners'] {
  const byProcess = new Map(
    listeners.map((each) => [each.listener.processId ?? `user ${each.listener.userId}`, each]),
  );
  return [...byProcess.values()];
}

function byStart(one: PoolStatus, other: PoolStatus): number {
  return startOf(one) - startOf(other);
}

function startOf(pool: PoolStatus): number {
  return pool.isReadable ? pool.startedAtMs : (pool.process.startedAtMs ?? 0);
}

function countTotals(pools: readonly PoolStatus[], otherLocks: readonly OtherLocks[]): StatusTotals {
  const readable = pools.filter((pool) => pool.isReadable);
  const workers = readable.flatMap((pool) => pool.workers);
  const states = workers.flatMap(({ ports }) => ports.map(({ state }) => state));
  const sealedPorts = states.filter((state) => state === 'sealed').length;
  return {
    pools: pools.length,
    unreadablePools: pools.length - readable.length,
    workers: workers.length,
    heldPorts: states.length - sealedPorts,
    sealedPorts,
    otherLockedPorts: otherLocks.reduce((sum, { ports }) => sum + ports.length, 0),
  };
}
