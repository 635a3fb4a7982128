/** Draws the map of the pool as a grid of cells, line by line. */
import type { Cell } from '../../model/pool-cells.ts';
import type { Bar } from '../../model/timeline.ts';
import { isKept } from '../../model/usage.ts';
import type { Colors } from '../timeline/colors.ts';

export interface Grid {
  readonly columns: number;
  readonly cellPx: number;
  readonly heightPx: number;
}

/** The cells become smaller so that the map is at most as high as this. */
const MOST_HEIGHT_PX = 180;
/** The last also where the map is higher then. */
const CELL_SIZES_PX = [18, 14, 11, 9, 7, 5, 4, 3];
/** Below that a gap between cells would be most of them. */
const LEAST_WITH_GAP_PX = 7;
const LEAST_MARK_PX = 9;
/** Around the cells, for marks at the edge. */
const MARGIN_PX = 4;
const LABEL_PX = 11;

export function gridOf(cellCount: number, widthPx: number): Grid {
  const grids = CELL_SIZES_PX.map((cellPx) => {
    const columns = Math.max(Math.floor((widthPx - 2 * MARGIN_PX) / cellPx), 1);
    return { columns, cellPx, heightPx: Math.ceil(cellCount / columns) * cellPx + 2 * MARGIN_PX };
  });
  return grids.find(({ heightPx }) => heightPx <= MOST_HEIGHT_PX) ?? (grids.at(-1) as Grid);
}

/** @returns its place, which may be behind the last cell */
function cellAt({ columns, cellPx }: Grid, x: number, y: number): number | undefined {
  const column = Math.max(Math.floor((x - MARGIN_PX) / cellPx), 0);
  return column < columns ? Math.max(Math.floor((y - MARGIN_PX) / cellPx), 0) * columns + column : undefined;
}

/** Something about one port that is seen, however small the cells are. */
export interface Mark {
  /** Its place among the cells. */
  readonly index: number;
  readonly kind: 'excluded' | 'foreign' | 'held' | 'sealed' | 'leaked';
}

/** The last ones are drawn over the others. */
export function marksOf(
  cells: readonly Cell[],
  holders: ReadonlyMap<number, Bar>,
  foreign: ReadonlySet<number>,
): Mark[] {
  return cells.flatMap(({ port, excluded }, index): Mark[] => {
    const holder = holders.get(port);
    return [
      ...(excluded === undefined ? [] : [{ index, kind: 'excluded' as const }]),
      ...(holder === undefined ? [] : [{ index, kind: kindOf(holder) }]),
      ...(foreign.has(port) ? [{ index, kind: 'foreign' as const }] : []),
    ];
  });
}

function kindOf({ use: { state } }: Bar): Mark['kind'] {
  return isKept(state) ? state : 'held';
}

/** The cell at a point, or a mark that is as near as to be meant. */
export function pointedAt(grid: Grid, marks: readonly Mark[], x: number, y: number): number | undefined {
  const near = marks.find(({ index }) => {
    const [left, top, sizePx] = markSquare(grid, index);
    return x >= left && x <= left + sizePx && y >= top && y <= top + sizePx;
  });
  return near === undefined ? cellAt(grid, x, y) : near.index;
}

interface PoolPicture {
  readonly cells: readonly Cell[];
  readonly grid: Grid;
  readonly marks: readonly Mark[];
  readonly colors: Colors;
  readonly pointed: number | undefined;
  readonly widthPx: number;
}

export function drawPool(context: CanvasRenderingContext2D, picture: PoolPicture): void {
  const { cells, grid, marks, colors, pointed, widthPx } = picture;
  context.clearRect(0, 0, widthPx, grid.heightPx);
  drawSlices(context, cells, grid, colors);
  if (grid.cellPx < LEAST_WITH_GAP_PX) drawNumbers(context, cells, grid, colors);
  for (const { index, kind } of marks) drawMark(context, kind, markSquare(grid, index), colors);
  if (pointed === undefined || pointed >= cells.length) return;
  context.strokeStyle = colors.text;
  context.lineWidth = 2;
  const [x, y, sizePx] = markSquare(grid, pointed);
  context.strokeRect(x - 1, y - 1, sizePx + 2, sizePx + 2);
}

export type Square = readonly [x: number, y: number, sizePx: number];

/** Where there is no gap between cells, those of one slice in a line are one rectangle. */
function drawSlices(
  context: CanvasRenderingContext2D,
  cells: readonly Cell[],
  grid: Grid,
  colors: Colors,
): void {
  const { columns, cellPx } = grid;
  const gapPx = cellPx >= LEAST_WITH_GAP_PX ? 1 : 0;
  let first = 0;
  for (let index = 1; index <= cells.length; index++) {
    const goesOn = gapPx === 0 && index % columns !== 0 && cells[index]?.slice === cells[first]?.slice;
    if (goesOn && index < cells.length) continue;
    context.fillStyle = sliceColor(cells[first]?.slice, colors);
    const [x, y] = placeOf(first, grid);
    context.fillRect(x, y, (index - first) * cellPx - gapPx, cellPx - gapPx);
    first = index;
  }
}

/** Where a slice begins, if its line has room for it. */
function drawNumbers(
  context: CanvasRenderingContext2D,
  cells: readonly Cell[],
  grid: Grid,
  colors: Colors,
): void {
  context.font = `${LABEL_PX}px system-ui, sans-serif`;
  context.textBaseline = 'top';
  context.fillStyle = colors.text;
  cells.forEach(({ slice }, index) => {
    if (slice === undefined || slice === cells[index - 1]?.slice || cells[index - 1]?.excluded !== undefined)
      return;
    // In the next line, where the slice goes on at the left edge.
    const line = index % grid.columns === 0 ? index : (Math.floor(index / grid.columns) + 1) * grid.columns;
    if (cells[line + grid.columns]?.slice !== slice) return;
    const [x, y] = placeOf(line, grid);
    context.fillText(slice === 0 ? 'slice 0, the run' : `slice ${slice}`, x + 3, y + 2);
  });
}

function placeOf(index: number, { columns, cellPx }: Grid): readonly [x: number, y: number] {
  return [(index % columns) * cellPx + MARGIN_PX, Math.floor(index / columns) * cellPx + MARGIN_PX];
}

/** At least so large as to be seen, in the middle of its cell. */
function markSquare(grid: Grid, index: number): Square {
  const { cellPx } = grid;
  const cellSizePx = cellPx >= LEAST_WITH_GAP_PX ? cellPx - 1 : cellPx;
  const sizePx = Math.max(cellSizePx, LEAST_MARK_PX);
  const outerPx = (sizePx - cellSizePx) / 2;
  const [x, y] = placeOf(index, grid);
  return [x - outerPx, y - outerPx, sizePx];
}

export function drawMark(
  context: CanvasRenderingContext2D,
  kind: Mark['kind'],
  square: Square,
  colors: Colors,
): void {
  if (kind === 'excluded') drawCross(context, square, colors);
  else if (kind === 'foreign') drawForeign(context, square, colors);
  else drawHeld(context, square, kind, colors);
}

function sliceColor(slice: number | undefined, colors: Colors): string {
  if (slice === undefined) return colors.surface;
  return slice % 2 === 0 ? colors['slice-a'] : colors['slice-b'];
}

export function drawSlice(
  context: CanvasRenderingContext2D,
  [x, y, sizePx]: Square,
  slice: number,
  colors: Colors,
): void {
  context.fillStyle = sliceColor(slice, colors);
  context.fillRect(x, y, sizePx, sizePx);
}

/** A leak is a triangle, a seal a block with a dark edge, everything else a block. */
function drawHeld(
  context: CanvasRenderingContext2D,
  [x, y, sizePx]: Square,
  state: 'held' | 'sealed' | 'leaked',
  colors: Colors,
): void {
  context.fillStyle = colors[state];
  if (state === 'leaked' && sizePx >= LEAST_WITH_GAP_PX) {
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + sizePx, y + sizePx / 2);
    context.lineTo(x, y + sizePx);
    context.fill();
    return;
  }
  context.fillRect(x, y, sizePx, sizePx);
  if (state !== 'sealed' || sizePx < LEAST_WITH_GAP_PX) return;
  context.fillStyle = colors.text;
  context.fillRect(x + sizePx - Math.max(sizePx / 5, 1), y, Math.max(sizePx / 5, 1), sizePx);
}

function drawCross(context: CanvasRenderingContext2D, [x, y, sizePx]: Square, colors: Colors): void {
  context.strokeStyle = colors.excluded;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x + sizePx, y + sizePx);
  context.moveTo(x + sizePx, y);
  context.lineTo(x, y + sizePx);
  context.stroke();
}

function drawForeign(context: CanvasRenderingContext2D, [x, y, sizePx]: Square, colors: Colors): void {
  context.fillStyle = colors.foreign;
  context.beginPath();
  context.arc(x + sizePx / 2, y + sizePx / 2, sizePx / 2, 0, 2 * Math.PI);
  context.fill();
}
