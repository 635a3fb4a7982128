/**
 * In which order the ports of one slice are offered: never-used ones first, in the pool's order, then the one that
 * was released longest ago, if that is long enough ago. The order is derived from the segment, so it survives the worker.
 * What it offers is only likely to be free: the caller's compare-and-swap and the kernel decide.
 */
import { NEVER_USED_WORD, PortState, stateOf } from './port-state.ts';
import type { SliceBounds } from './slices.ts';

export class ClaimOrder {
  readonly #bounds: SliceBounds;
  readonly #states: Int32Array;
  readonly #releasedAtMs: Uint32Array;
  #nextNeverUsed = 0;
  /** Free ports by time of release, as of the last scan; ports released since are all younger. */
  #queue: readonly number[] = [];
  #queuedAtMs: readonly number[] = [];
  #queuePosition = 0;
  #scansLeft = 0;
  /** Each once, though a scan can offer it again. */
  readonly #skipped = new Set<number>();

  constructor(bounds: SliceBounds, states: Int32Array, releasedAtMs: Uint32Array) {
    this.#bounds = bounds;
    this.#states = states;
    this.#releasedAtMs = releasedAtMs;
  }

  /** Starts a search; it ends after at most one scan of the slice. */
  begin(): void {
    this.#scansLeft = 1;
    if (this.#skipped.size === 0) return;
    // They came before what is left of the queue.
    const skipped = [...this.#skipped];
    const timesOfSkipped = skipped.map((index) => Atomics.load(this.#releasedAtMs, index));
    this.#queuedAtMs = [...timesOfSkipped, ...this.#queuedAtMs.slice(this.#queuePosition)];
    this.#queue = [...skipped, ...this.#queue.slice(this.#queuePosition)];
    this.#queuePosition = 0;
    this.#skipped.clear();
  }

  /** For a port that was offered and not wanted: it keeps its place for the next search. */
  skip(index: number): void {
    this.#skipped.add(index);
  }

  /**
   * The index of the next port to try, or -1 at the end of the search.
   * @param latestReleaseMs ports that were released later are not offered
   */
  next(latestReleaseMs: number = Infinity): number {
    const neverUsed = this.#takeNeverUsed();
    if (neverUsed !== -1) return neverUsed;
    const released = this.#takeReleased(latestReleaseMs);
    if (released !== -1 || this.#queuePosition < this.#queue.length || this.#scansLeft === 0) return released;
    this.#scansLeft--;
    this.#scan();
    return this.#takeReleased(latestReleaseMs);
  }

  #takeNeverUsed(): number {
    const { firstIndex, portCount } = this.#bounds;
    while (this.#nextNeverUsed < portCount) {
      const index = firstIndex + this.#nextNeverUsed++;
      if (Atomics.load(this.#states, index) === NEVER_USED_WORD) return index;
    }
    return -1;
  }

  #takeReleased(latestReleaseMs: number): number {
    while (this.#queuePosition < this.#queue.length) {
      const queuedAtMs = this.#queuedAtMs[this.#queuePosition] as number;
      // The oldest one comes first: if it is too young, all are.
      if (queuedAtMs > latestReleaseMs) return -1;
      const index = this.#queue[this.#queuePosition++] as number;
      const unchanged = Atomics.load(this.#releasedAtMs, index) === queuedAtMs;
      if (unchanged && stateOf(Atomics.load(this.#states, index)) === PortState.free) return index;
    }
    return -1;
  }

  #scan(): void {
    const { firstIndex, portCount } = this.#bounds;
    const free: { index: number; releasedAtMs: number }[] = [];
    for (let index = firstIndex; index < firstIndex + portCount; index++) {
      if (stateOf(Atomics.load(this.#states, index)) !== PortState.free) continue;
      free.push({ index, releasedAtMs: Atomics.load(this.#releasedAtMs, index) });
    }
    free.sort((a, b) => a.releasedAtMs - b.releasedAtMs);
    this.#queue = free.map((port) => port.index);
    this.#queuedAtMs = free.map((port) => port.releasedAtMs);
    this.#queuePosition = 0;
  }
}
