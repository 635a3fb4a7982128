/** The workers of a pool: the threads that have a slice of it, or a port. */
import { groupBy } from '../../core/group-by.ts';
import type { Segment } from '../../core/segment.ts';
import { machineLookup } from '../../platform/machine-lookup.ts';
import { platform } from '../../platform/platform.ts';
import type { KnownProcesses } from './known-processes.ts';
import type { LiveClaim } from './live-claims.ts';
import type { PortStatus, ProcessStatus, WorkerStatus } from './machine-status.ts';

export interface PoolView {
  readonly segment: Segment;
  readonly claims: readonly LiveClaim[];
  readonly processes: KnownProcesses;
  /** False: its threads have other numbers than from here. */
  readonly isOfOurNamespace: boolean;
  readonly listenersOf: (port: number) => readonly ProcessStatus[];
}

/** By slice, then by process. */
export function readWorkers(view: PoolView): WorkerStatus[] {
  const { segment, claims } = view;
  const claimsOf = groupBy(claims, ({ threadId }) => threadId);
  const owned = segment.slices.flatMap((_, slice) => {
    const threadId = segment.sliceOwner(slice);
    return threadId === 0 || claimsOf.has(threadId) ? [] : (describeIdle(view, slice, threadId) ?? []);
  });
  const claiming = [...claimsOf].map(([threadId, own]) => describeClaiming(view, threadId, own));
  return [...owned, ...claiming].toSorted(
    (one, other) => one.slice - other.slice || (one.process.processId ?? 0) - (other.process.processId ?? 0),
  );
}

/** Undefined: it has ended, and nobody has taken the slice yet. */
function describeIdle(view: PoolView, slice: number, threadId: number): WorkerStatus | undefined {
  const { processes, isOfOurNamespace } = view;
  if (!isOfOurNamespace) return { slice, process: {}, threadId, isAlive: undefined, ports: [] };
  const processId = machineLookup.findProcessOfThread(threadId);
  const isAlive = processId === undefined ? platform.isAlive(threadId) : platform.isRunning(processId);
  if (!isAlive) return undefined;
  return { slice, process: processes.describe({ processId }), threadId, isAlive, ports: [] };
}

function describeClaiming(view: PoolView, threadId: number, claims: readonly LiveClaim[]): WorkerStatus {
  const { processes, isOfOurNamespace, segment } = view;
  const { processId, slice } = claims[0] as LiveClaim;
  const ownSlice = segment.slices.findIndex((_, at) => at > 0 && segment.sliceOwner(at) === threadId);
  return {
    slice: ownSlice > 0 ? ownSlice : slice,
    process: processes.describe({ processId }),
    threadId,
    isAlive: isOfOurNamespace ? platform.isAlive(threadId) : undefined,
    ports: claims.map((claim) => describePort(claim, view)).toSorted((one, other) => one.port - other.port),
  };
}

function describePort({ index, port, state, claimedAtMs }: LiveClaim, view: PoolView): PortStatus {
  const label = view.segment.readLabel(index);
  return { port, state, label, claimedAtMs, listeners: view.listenersOf(port) };
}
