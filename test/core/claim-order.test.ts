import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ClaimOrder } from '../../src/core/claim-order.ts';
import { nextClaim, PortState, stateOf, withState } from '../../src/core/port-state.ts';

/** The words of a pool in which one slice has a neighbour on either side. */
class Pool {
  readonly bounds: { readonly firstIndex: number; readonly portCount: number };
  readonly states: Int32Array;
  readonly releasedAtMs: Uint32Array;
  #clockMs = 0;

  constructor(portCount: number) {
    this.bounds = { firstIndex: 3, portCount };
    this.states = new Int32Array(portCount + 6);
    this.releasedAtMs = new Uint32Array(portCount + 6);
  }

  order(): ClaimOrder {
    return new ClaimOrder(this.bounds, this.states, this.releasedAtMs);
  }

  get indexes(): number[] {
    return Array.from({ length: this.bounds.portCount }, (_, offset) => this.bounds.firstIndex + offset);
  }

  isFree(index: number): boolean {
    return stateOf(this.states[index] as number) === PortState.free;
  }

  claim(index: number): void {
    this.states[index] = withState(nextClaim(this.states[index] as number), PortState.held);
  }

  release(index: number): void {
    this.releasedAtMs[index] = ++this.#clockMs;
    this.states[index] = withState(this.states[index] as number, PortState.free);
  }

  skip(index: number): void {
    this.claim(index);
    this.release(index);
  }

  /** What the order promises, in the simplest words: looks at everything, each time. */
  naiveNext(latestReleaseMs = Infinity): number {
    const free = this.indexes.filter((index) => this.isFree(index));
    const neverUsed = free.find((index) => this.states[index] === 0);
    if (neverUsed !== undefined) return neverUsed;
    const timeOf = (index: number): number => this.releasedAtMs[index] as number;
    const rested = free.filter((index) => timeOf(index) <= latestReleaseMs);
    return rested.toSorted((a, b) => timeOf(a) - timeOf(b))[0] ?? -1;
  }
}

function searchAll(order: ClaimOrder, refuse: (index: number) => void = () => {}): number[] {
  const offered: number[] = [];
  order.begin();
  // Bounded, so that a search that never ends fails the test.
  for (let index = order.next(); index !== -1 && offered.length < 100; index = order.next()) {
    offered.push(index);
    refuse(index);
  }
  return offered;
}

interface Step {
  readonly act: string;
  readonly pick: number;
}

/** `pick` chooses among the ports that the step applies to. Many releases leave a choice of free ports. */
const anyStep = fc.record({
  act: fc.constantFrom('claim', 'pass by and claim', 'stranger claims', 'release', 'release', 'release'),
  pick: fc.nat(),
});

function take(pool: Pool, order: ClaimOrder, { act, pick }: Step): void {
  const choices = pool.indexes.filter((index) => pool.isFree(index) === (act === 'stranger claims'));
  const chosen = choices[pick % choices.length];
  if (act === 'release' && chosen !== undefined) pool.release(chosen);
  if (act === 'stranger claims' && chosen !== undefined) pool.claim(chosen);
  if (act === 'claim' || act === 'pass by and claim') {
    order.begin();
    claimNext(pool, order, act === 'claim' ? undefined : skipNext(pool, order));
  }
}

/** @returns what was passed by */
function skipNext(pool: Pool, order: ClaimOrder): number {
  const expected = pool.naiveNext();
  const index = order.next();
  expect(index).toBe(expected);
  if (index !== -1) pool.skip(index);
  return index;
}

function claimNext(pool: Pool, order: ClaimOrder, skipped: number | undefined): void {
  const expected = pool.naiveNext();
  const index = order.next();
  // A search may end before it offers again what it has offered already.
  if (index === -1 && expected === skipped) return;
  expect(index).toBe(expected);
  if (index !== -1) pool.claim(index);
}

/** In one search; what it is not given for the first time it can be given for the second, later one. */
function searchTwice(pool: Pool, order: ClaimOrder, latestReleasesMs: readonly number[]): void {
  order.begin();
  for (const latestReleaseMs of latestReleasesMs) {
    const index = order.next(latestReleaseMs);
    expect(index).toBe(pool.naiveNext(latestReleaseMs));
    if (index !== -1) return pool.claim(index);
  }
}

describe('the order of claims', () => {
  test('is that of a naive search through everything, over any history of claims and releases', () => {
    const anyHistory = fc.array(anyStep, { maxLength: 150, size: 'max' });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), anyHistory, (portCount, steps) => {
        const pool = new Pool(portCount);
        const order = pool.order();
        for (const step of steps) take(pool, order, step);
      }),
      { numRuns: 500 },
    );
  });

  test('with a latest time of release is that of a naive search that passes over later ones', () => {
    const anySearch = fc.record({ latestReleaseMs: fc.nat(60), laterMs: fc.constantFrom(Infinity, 60) });
    const anyHistory = fc.array(fc.tuple(anyStep, anySearch), { maxLength: 100, size: 'max' });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), anyHistory, (portCount, history) => {
        const pool = new Pool(portCount);
        const order = pool.order();
        for (const [step, { latestReleaseMs, laterMs }] of history) {
          if (!step.act.endsWith('claim')) take(pool, order, step);
          else searchTwice(pool, order, [latestReleaseMs, laterMs]);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('offers never-used ports in the order of the pool, and nothing outside of the slice', () => {
    const pool = new Pool(5);
    expect(searchAll(pool.order(), (index) => pool.claim(index))).toEqual([3, 4, 5, 6, 7]);
  });

  test('offers a port that was released only when every never-used one is taken', () => {
    const pool = new Pool(3);
    const order = pool.order();
    order.begin();
    pool.claim(order.next());
    pool.release(3);
    expect(searchAll(order, (index) => pool.claim(index))).toEqual([4, 5, 3]);
  });

  test('offers the port that was released longest ago first', () => {
    const pool = new Pool(4);
    const order = pool.order();
    searchAll(order, (index) => pool.claim(index));
    for (const index of [5, 3, 6, 4]) pool.release(index);
    expect(searchAll(order, (index) => pool.claim(index))).toEqual([5, 3, 6, 4]);
  });

  test('survives the worker: a successor that knows only the segment goes on with the same order', () => {
    const pool = new Pool(4);
    searchAll(pool.order(), (index) => pool.claim(index));
    for (const index of [6, 4, 3]) pool.release(index);
    expect(searchAll(pool.order(), (index) => pool.claim(index))).toEqual([6, 4, 3]);
  });

  test('offers every free port once or more when all are refused, and then ends', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }), fc.array(fc.nat(19)), (portCount, claimed) => {
        const pool = new Pool(portCount);
        for (const offset of claimed) if (offset < portCount) pool.claim(3 + offset);
        const free = pool.indexes.filter((index) => pool.isFree(index));
        const order = pool.order();
        for (let round = 0; round < 3; round++) {
          const offered = searchAll(order, (index) => pool.skip(index));
          expect(new Set(offered)).toEqual(new Set(free));
          expect(offered.length).toBeLessThanOrEqual(2 * portCount);
        }
      }),
    );
  });

  test('offers no sealed, claiming, releasing or damaged port', () => {
    const pool = new Pool(5);
    pool.states.set(
      [PortState.sealed, PortState.claiming, PortState.releasing, 15, PortState.held].map(
        (word) => word | 16,
      ),
      3,
    );
    expect(searchAll(pool.order())).toEqual([]);
  });

  test('has nothing to offer in an empty slice', () => {
    expect(searchAll(new Pool(0).order())).toEqual([]);
  });
});
