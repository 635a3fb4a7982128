/** Draws the map of the pool as a grid of cells, line by line. */
import type { Cell } from '../../model/pool-cells.ts';
import type { Bar } from '../../model/timeline.ts';
import type { Colors } from '../timeline/colors.ts';

export interface Grid {
  readonly columns: number;
  readonly cellPx: number;
  readonly heightPx: number;
}

const CELL_SIZES_PX = [18, 14, 11, 9, 7, 5, 4];
const SMALLEST_PX = 3;
/** The cells become smaller so that the map is at most as high as this. */
const MOST_HEIGHT_PX = 220;
/** Below that a gap between cells would be most of them. */
const LEAST_WITH_GAP_PX = 5;

export function gridOf(cellCount: number, widthPx: number): Grid {
  const grids = [...CELL_SIZES_PX, SMALLEST_PX].map((cellPx) => {
    const columns = Math.max(Math.floor(widthPx / cellPx), 1);
    return { columns, cellPx, heightPx: Math.ceil(cellCount / columns) * cellPx };
  });
  return grids.find(({ heightPx }) => heightPx <= MOST_HEIGHT_PX) ?? (grids.at(-1) as Grid);
}

/** @returns its place, which may be behind the last cell */
export function cellAt({ columns, cellPx }: Grid, x: number, y: number): number | undefined {
  const column = Math.floor(x / cellPx);
  return column < columns ? Math.floor(y / cellPx) * columns + column : undefined;
}

interface PoolPicture {
  readonly cells: readonly Cell[];
  readonly grid: Grid;
  readonly holders: ReadonlyMap<number, Bar>;
  readonly foreign: ReadonlySet<number>;
  readonly colors: Colors;
  readonly pointed: number | undefined;
  readonly widthPx: number;
}

export function drawPool(context: CanvasRenderingContext2D, picture: PoolPicture): void {
  const { cells, grid, pointed, widthPx } = picture;
  context.clearRect(0, 0, widthPx, grid.heightPx);
  const sizePx = grid.cellPx >= LEAST_WITH_GAP_PX ? grid.cellPx - 1 : grid.cellPx;
  cells.forEach((cell, index) => {
    const [x, y] = [(index % grid.columns) * grid.cellPx, Math.floor(index / grid.columns) * grid.cellPx];
    drawCell(context, cell, [x, y, sizePx], picture);
  });
  if (pointed !== undefined && pointed < cells.length) {
    context.strokeStyle = picture.colors.text;
    context.lineWidth = 2;
    const [x, y] = [(pointed % grid.columns) * grid.cellPx, Math.floor(pointed / grid.columns) * grid.cellPx];
    context.strokeRect(x, y, sizePx, sizePx);
  }
}

export type Square = readonly [x: number, y: number, sizePx: number];

function drawCell(context: CanvasRenderingContext2D, cell: Cell, square: Square, picture: PoolPicture): void {
  const { holders, foreign, colors } = picture;
  const holder = holders.get(cell.port);
  if (cell.excluded !== undefined) drawCross(context, square, colors);
  else drawSlice(context, square, cell.slice, colors);
  if (holder !== undefined) drawHeld(context, square, holder.use.state, colors);
  if (foreign.has(cell.port)) drawForeign(context, square, colors);
}

export function drawSlice(
  context: CanvasRenderingContext2D,
  [x, y, sizePx]: Square,
  slice: number | undefined,
  colors: Colors,
): void {
  context.fillStyle =
    slice === undefined ? colors.line : slice % 2 === 0 ? colors['slice-a'] : colors['slice-b'];
  context.fillRect(x, y, sizePx, sizePx);
}

/** A leak is a triangle, a seal a block with a dark edge, everything else a block. */
export function drawHeld(
  context: CanvasRenderingContext2D,
  [x, y, sizePx]: Square,
  state: Bar['use']['state'],
  colors: Colors,
): void {
  context.fillStyle = state === 'leaked' ? colors.leaked : state === 'sealed' ? colors.sealed : colors.held;
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

export function drawCross(context: CanvasRenderingContext2D, [x, y, sizePx]: Square, colors: Colors): void {
  context.strokeStyle = colors.excluded;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x + sizePx, y + sizePx);
  context.moveTo(x + sizePx, y);
  context.lineTo(x, y + sizePx);
  context.stroke();
}

export function drawForeign(context: CanvasRenderingContext2D, [x, y, sizePx]: Square, colors: Colors): void {
  context.fillStyle = colors.foreign;
  context.beginPath();
  context.arc(x + sizePx / 2, y + sizePx / 2, sizePx / 2, 0, 2 * Math.PI);
  context.fill();
}
