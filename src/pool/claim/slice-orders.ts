/** In which order a thread goes through the slices of a pool, and through the ports of each. */
import { ClaimOrder } from '../../core/claim-order.ts';
import type { Segment } from '../../core/segment.ts';
import type { PoolSession } from '../session/pool-session.ts';

class SliceOrders {
  readonly #segment: Segment;
  readonly #orders = new Map<number, ClaimOrder>();
  readonly #others = new Map<number, readonly number[]>();

  constructor(segment: Segment) {
    this.#segment = segment;
  }

  order(slice: number): ClaimOrder {
    let order = this.#orders.get(slice);
    if (order === undefined) {
      const { slices, states, releasedAtMs } = this.#segment;
      order = new ClaimOrder(slices[slice] ?? { firstIndex: 0, portCount: 0 }, states, releasedAtMs);
      this.#orders.set(slice, order);
    }
    return order;
  }

  /** The slices to borrow from: slice 0, then the others from the next one on, so that borrowers spread. */
  others(slice: number): readonly number[] {
    let others = this.#others.get(slice);
    if (others === undefined) {
      const { length } = this.#segment.slices;
      const fromNext = Array.from({ length }, (_, step) => (slice + step) % length);
      others = [...new Set([0, ...fromNext])].filter((other) => other !== slice);
      this.#others.set(slice, others);
    }
    return others;
  }
}

export function sliceOrders(session: PoolSession): SliceOrders {
  return session.keep('slice-orders', () => new SliceOrders(session.segment));
}
