/** One pool as one thread sees it: the mapped segment, the kernel, and what this thread has claimed. */
import type { Segment } from '../../core/segment.ts';
import { PoolClosedError } from '../../errors/index.ts';
import { monotonicMs } from '../../platform/clock.ts';
import type { PortKernel } from '../../platform/port-kernel.ts';
import type { PortClaim } from './port-claim.ts';

export interface SessionParts {
  readonly handle: string;
  readonly segment: Segment;
  readonly kernel: PortKernel;
  /** Ends the pool for those who come later. Only the thread that made the pool can. */
  readonly endPool: (() => void) | undefined;
}

export class PoolSession {
  readonly handle: string;
  readonly segment: Segment;
  readonly kernel: PortKernel;
  /** Everything that this thread has claimed and not given back, sealed ports included. */
  readonly claims: Set<PortClaim> = new Set<PortClaim>();
  readonly #endPool: (() => void) | undefined;
  readonly #kept = new Map<string, unknown>();
  #isClosed = false;

  constructor({ handle, segment, kernel, endPool }: SessionParts) {
    this.handle = handle;
    this.segment = segment;
    this.kernel = kernel;
    this.#endPool = endPool;
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

  /** What others keep beside the session for its life; made on first use. */
  keep<T>(name: string, create: () => T): T {
    let kept = this.#kept.get(name) as T | undefined;
    if (kept === undefined) this.#kept.set(name, (kept = create()));
    return kept;
  }

  /** Gives back what is the session's own. The caller has released the claims. */
  close(): void {
    this.#isClosed = true;
    this.#endPool?.();
  }
}
