/** One pool as one thread sees it: the mapped segment, the kernel, and what this thread has claimed. */
import { ClaimOrder } from '../../core/claim-order.ts';
import { formatPoolHandle, parsePoolHandle } from '../../core/pool-handle.ts';
import type { PortList } from '../../core/port-list.ts';
import { copyTables, countsOf, findSegmentProblem, writeSegment } from '../../core/segment-format.ts';
import { segmentOffsets } from '../../core/segment-layout.ts';
import { Segment } from '../../core/segment.ts';
import { planPool, type PoolPlan, sliceCountFor } from '../../core/slices.ts';
import {
  PoolClosedError,
  PoolDamagedError,
  PoolForeignError,
  PoolHandleError,
  PoolStaleError,
} from '../../errors/index.ts';
import { epochMs, monotonicMs } from '../../platform/clock.ts';
import { platform } from '../../platform/platform.ts';
import type { PortKernel, SharedMemory } from '../../platform/port-kernel.ts';
import { threadState } from '../../platform/thread-state.ts';
import type { Misses, PortClaim } from '../claim/port-claim.ts';
import { checkKernel, checkKernelSoon } from './start-up-check.ts';

export interface PoolPlanOptions {
  readonly ports: PortList;
  readonly workers: number;
  readonly restMs: number;
  /** Of one process, not of a run. */
  readonly isPrivate: boolean;
}

export class PoolSession {
  readonly handle: string;
  readonly segment: Segment;
  readonly kernel: PortKernel;
  /** Everything that this thread has claimed and not given back, sealed ports included. */
  readonly claims: Set<PortClaim> = new Set<PortClaim>();
  /** Whether a timer looks for others who need our sealed ports. */
  isWatchingPressure = false;
  readonly #memory: SharedMemory;
  readonly #orders = new Map<number, ClaimOrder>();
  readonly #misses: Misses = { lockedByOtherRuns: new Set(), listenedOnByStrangers: new Set() };
  readonly #slicesBeside = new Map<number, readonly number[]>();
  readonly #beacon: number | undefined;
  #isClosed = false;

  private constructor(
    handle: string,
    memory: SharedMemory,
    segment: Segment,
    kernel: PortKernel,
    beacon?: number,
  ) {
    this.handle = handle;
    this.kernel = kernel;
    this.segment = segment;
    this.#memory = memory;
    this.#beacon = beacon;
  }

  /** Makes a pool and its segment. */
  static create(options: PoolPlanOptions): PoolSession {
    const kernel = openKernel();
    const plan = planPool(
      options.ports,
      sliceCountFor(options.workers),
      kernel.randomBytes(4).readUInt32LE() / 2 ** 32,
    );
    const memory = kernel.createMemory(segmentOffsets(countsOf(plan)).byteLength);
    try {
      return remember(PoolSession.#open(options, plan, memory, kernel));
    } catch (error) {
      memory.close();
      throw error;
    }
  }

  /** Fills the memory and makes it known. */
  static #open(
    options: PoolPlanOptions,
    plan: PoolPlan,
    memory: SharedMemory,
    kernel: PortKernel,
  ): PoolSession {
    const runId = kernel.randomBytes(16).toString('hex');
    const facts = {
      runId,
      creatorProcessId: process.pid,
      networkNamespace: kernel.networkNamespace(),
      restMs: options.restMs,
      startMonotonicMs: monotonicMs(),
      startEpochMs: epochMs(),
    };
    writeSegment(memory.buffer, facts, plan);
    const descriptor = memory.descriptor as number;
    // Others find live pools by this name. A process of another process namespace can have it: then it is not found.
    const beacon = kernel.takeName(`portslice/pool/${process.pid}/${descriptor}`);
    const handle = formatPoolHandle({ processId: process.pid, descriptor, runId });
    const session = new PoolSession(handle, memory, new Segment(memory.buffer), kernel, beacon);
    try {
      if (options.isPrivate) checkKernelSoon(session);
      else checkKernel(session);
    } catch (error) {
      if (beacon !== undefined) kernel.closeDescriptors([beacon]);
      throw error;
    }
    return session;
  }

  /**
   * The session of this thread for that pool, mapped on first use.
   * @throws PoolHandleError, PoolStaleError, PoolForeignError, PoolDamagedError
   */
  static attach(handle: string): PoolSession {
    const known = sessions().get(handle);
    if (known !== undefined && !known.isClosed) return known;
    const parsed = parsePoolHandle(handle);
    if (parsed === undefined)
      throw new PoolHandleError({ handle, problem: 'it is not a handle of this version of portslice' });
    const kernel = openKernel();
    const memory = kernel.attachMemory(handle, parsed.processId, parsed.descriptor);
    const tables = copyTables(memory.buffer);
    const problem = findSegmentProblem(memory.buffer, tables);
    if (problem !== undefined) throw new PoolDamagedError({ handle, problem });
    const session = new PoolSession(handle, memory, new Segment(memory.buffer, tables), kernel);
    if (session.segment.runId !== parsed.runId) {
      throw new PoolStaleError({
        handle,
        problem: `its place is taken by the pool of run ${session.segment.runId}`,
      });
    }
    const here = kernel.networkNamespace();
    if (session.segment.networkNamespace !== here) {
      throw new PoolForeignError({
        handle,
        problem: `it is of network namespace ${session.segment.networkNamespace}, this process is in ${here}`,
      });
    }
    return remember(session);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** @throws PoolClosedError */
  assertOpen(): void {
    if (this.#isClosed) throw new PoolClosedError();
  }

  /** Milliseconds since the pool's start, at least 1: in the segment 0 means never. */
  nowMs(): number {
    return Math.max(1, Math.round(monotonicMs() - this.segment.startMonotonicMs));
  }

  order(slice: number): ClaimOrder {
    let order = this.#orders.get(slice);
    if (order === undefined) {
      const bounds = this.segment.slices[slice] ?? { firstIndex: 0, portCount: 0 };
      order = new ClaimOrder(bounds, this.segment.states, this.segment.releasedAtMs);
      this.#orders.set(slice, order);
    }
    return order;
  }

  /** Empty, for one look; the next look takes the same ones. */
  takeMisses(): Misses {
    const { lockedByOtherRuns, listenedOnByStrangers } = this.#misses;
    if (lockedByOtherRuns.size > 0) lockedByOtherRuns.clear();
    if (listenedOnByStrangers.size > 0) listenedOnByStrangers.clear();
    return this.#misses;
  }

  /** The slices to borrow from: slice 0, then the others from the next one on, so that borrowers spread. */
  slicesBeside(slice: number): readonly number[] {
    let others = this.#slicesBeside.get(slice);
    if (others === undefined) {
      const { length } = this.segment.slices;
      const fromNext = Array.from({ length }, (_, step) => (slice + step) % length);
      others = [...new Set([0, ...fromNext])].filter((other) => other !== slice);
      this.#slicesBeside.set(slice, others);
    }
    return others;
  }

  /** Gives back what is the session's own. The caller has released the claims. */
  close(): void {
    this.#isClosed = true;
    sessions().delete(this.handle);
    last().changes++;
    if (this.#beacon !== undefined) this.kernel.closeDescriptors([this.#beacon]);
    this.#memory.close();
  }
}

/** Of this thread. */
export function openSessions(): Iterable<PoolSession> {
  return sessions().values();
}

/** The one of this thread that was opened last; its memory can be read also after its end. */
export function lastSession(): PoolSession | undefined {
  return last().session;
}

/** A worker thread often takes the place of a terminated one, so it begins with what that has left. */
function openKernel(): PortKernel {
  const kernel = platform.openKernel();
  if (kernel.threadId !== process.pid) kernel.closeOrphans();
  return kernel;
}

/** Grows whenever this thread opens or ends a session. */
export function countSessionChanges(): number {
  return last().changes;
}

function sessions(): Map<string, PoolSession> {
  return threadState('sessions', () => new Map<string, PoolSession>());
}

function last(): { session?: PoolSession; changes: number } {
  return threadState('last-session', () => ({ changes: 0 }));
}

function remember(session: PoolSession): PoolSession {
  sessions().set(session.handle, session);
  last().session = session;
  last().changes++;
  return session;
}
