/** The map of the pool: a cell for each port, in the order of the port numbers. */
import type { PoolReport, PortRangeReport } from '../../../format.ts';

export interface Cell {
  readonly port: number;
  /** Undefined where the port is excluded, or of no slice. */
  readonly slice: number | undefined;
  /** Why it is. */
  readonly excluded: string | undefined;
}

/** What is excluded at one piece, such as the ephemeral range, is only listed where it is longer than this. */
const LONGEST_EXCLUDED = 64;

export function cellsOf(pool: PoolReport): Cell[] {
  const cells = new Map<number, Cell>();
  for (const range of pool.ranges) fill(cells, range, { slice: undefined, excluded: undefined });
  for (const { number, ranges } of pool.slices)
    for (const range of ranges) fill(cells, range, { slice: number, excluded: undefined });
  const first = Math.min(...pool.ranges.map(({ firstPort }) => firstPort));
  const last = Math.max(...pool.ranges.map(({ lastPort }) => lastPort));
  for (const { reason, ...range } of pool.excluded)
    if (
      range.lastPort - range.firstPort < LONGEST_EXCLUDED &&
      range.firstPort > first &&
      range.lastPort < last
    )
      fill(cells, range, { slice: undefined, excluded: reason });
  return [...cells.values()].toSorted((a, b) => a.port - b.port);
}

function fill(cells: Map<number, Cell>, range: PortRangeReport, what: Omit<Cell, 'port'>): void {
  for (let port = range.firstPort; port <= range.lastPort; port++) cells.set(port, { port, ...what });
}
