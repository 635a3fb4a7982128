/** Where lanes and rows lie, from the top, in CSS pixels. */
import type { Bar, Timeline } from '../../model/timeline.ts';

export const ROW_PX = 18;
export const BAR_PX = 14;
const LANE_GAP_PX = 7;
export const GROUP_PX = 30;

export interface PlacedRow {
  readonly topPx: number;
  readonly lane: number;
  readonly bars: readonly Bar[];
}

interface PlacedLane {
  readonly topPx: number;
  readonly heightPx: number;
  readonly machine: number;
  readonly worker: number;
}

interface PlacedGroup {
  readonly topPx: number;
  readonly machine: number;
}

export interface Layout {
  readonly rows: readonly PlacedRow[];
  readonly lanes: readonly PlacedLane[];
  /** Empty where there is one machine: it needs no heading. */
  readonly groups: readonly PlacedGroup[];
  readonly rowOf: ReadonlyMap<Bar, PlacedRow>;
  readonly heightPx: number;
}

export function placeLanes({ groups }: Timeline): Layout {
  const layout = { rows: [] as PlacedRow[], lanes: [] as PlacedLane[], groups: [] as PlacedGroup[] };
  let topPx = 0;
  for (const { machine, lanes } of groups) {
    if (groups.length > 1) {
      layout.groups.push({ topPx, machine });
      topPx += GROUP_PX;
    }
    for (const { worker, rows } of lanes) {
      const heightPx = rows.length * ROW_PX + LANE_GAP_PX;
      rows.forEach((bars, index) =>
        layout.rows.push({
          topPx: topPx + LANE_GAP_PX / 2 + index * ROW_PX,
          lane: layout.lanes.length,
          bars,
        }),
      );
      layout.lanes.push({ topPx, heightPx, machine, worker });
      topPx += heightPx;
    }
  }
  const rowOf = new Map(layout.rows.flatMap((row) => row.bars.map((bar) => [bar, row] as const)));
  return { ...layout, rowOf, heightPx: topPx };
}

/** The first place in a row's bars that ends after that moment. */
export function firstAfter(bars: readonly Bar[], atMs: number): number {
  let [low, high] = [0, bars.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((bars[middle] as Bar).toMs < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The bar nearest to a moment, where one is within so many milliseconds of it. */
export function barNear({ rows }: Layout, yPx: number, atMs: number, withinMs: number): Bar | undefined {
  const row = rows.find(({ topPx }) => topPx <= yPx && yPx < topPx + ROW_PX);
  if (row === undefined) return undefined;
  const start = Math.max(firstAfter(row.bars, atMs) - 1, 0);
  const near = row.bars.slice(start, start + 3).filter((bar) => distance(bar, atMs) <= withinMs);
  return near.toSorted((a, b) => distance(a, atMs) - distance(b, atMs))[0];
}

function distance({ fromMs, toMs }: Bar, atMs: number): number {
  return Math.max(fromMs - atMs, atMs - toMs, 0);
}

/** For the arrow keys: the bar before or after in its lane, by time. */
export function barBeside(layout: Layout, bar: Bar, step: 1 | -1): Bar | undefined {
  const bars = barsOfLane(layout, layout.rowOf.get(bar)?.lane);
  return bars[bars.indexOf(bar) + step];
}

/** The bar nearest in time in the lane above or below. */
export function barInNextLane(layout: Layout, bar: Bar, step: 1 | -1): Bar | undefined {
  const lane = layout.rowOf.get(bar)?.lane;
  if (lane === undefined) return undefined;
  return barsOfLane(layout, lane + step).reduce<Bar | undefined>(
    (best, other) =>
      best === undefined || distance(other, bar.heldFromMs) < distance(best, bar.heldFromMs) ? other : best,
    undefined,
  );
}

export function barsOfLane({ rows }: Layout, lane: number | undefined): Bar[] {
  const bars = rows.filter((row) => row.lane === lane).flatMap((row) => row.bars);
  return bars.toSorted((a, b) => a.fromMs - b.fromMs);
}
