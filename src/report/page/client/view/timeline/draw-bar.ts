/** Draws one bar. No kind of bar differs from another by its colour alone: waiting is hatched, a leak has a triangle, a seal a block. */
import type { Bar } from '../../model/timeline.ts';
import type { Colors } from './colors.ts';
import { BAR_PX } from './layout.ts';

export type ToPx = (atMs: number) => number;

const SERVER_PX = 4;
const HATCH_PX = 5;

export function drawBar(
  context: CanvasRenderingContext2D,
  bar: Bar,
  topPx: number,
  toPx: ToPx,
  colors: Colors,
): void {
  const [from, held] = [toPx(bar.fromMs), toPx(bar.heldFromMs)];
  const to = Math.max(toPx(bar.toMs), held + leastPx(bar));
  if (held - from >= 1) drawWaiting(context, from, topPx, held - from, colors);
  context.fillStyle = colors[colorOf(bar)];
  context.fillRect(held, topPx, to - held, BAR_PX);
  if (bar.serverFromMs !== undefined) drawServer(context, bar, topPx, toPx, to, colors);
  if (bar.use.borrowed && to - held > 6) drawBorrowed(context, held, topPx, to - held, colors);
  if (bar.use.state === 'sealed') drawSeal(context, to, topPx, colors);
  if (bar.use.state === 'leaked') drawLeak(context, to, topPx, colors);
}

function leastPx({ use }: Bar): number {
  return use.state === 'leaked' ? 3 : 1.5;
}

export function colorOf({ use, test }: Bar): 'leaked' | 'sealed' | 'shared' | 'held' {
  if (use.state === 'leaked') return 'leaked';
  if (use.state === 'sealed') return 'sealed';
  return test === undefined ? 'shared' : 'held';
}

function drawWaiting(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  width: number,
  colors: Colors,
): void {
  context.save();
  context.beginPath();
  context.rect(x, y + 2, width, BAR_PX - 4);
  context.strokeStyle = colors.waiting;
  context.lineWidth = 1;
  context.stroke();
  context.clip();
  context.beginPath();
  // Not from where it begins, which may be far outside.
  const first = Math.max(x, -HATCH_PX) - BAR_PX;
  const last = Math.min(x + width, context.canvas.width);
  for (let at = first; at < last; at += HATCH_PX) {
    context.moveTo(at, y + BAR_PX);
    context.lineTo(at + BAR_PX, y);
  }
  context.lineWidth = 1.5;
  context.stroke();
  context.restore();
}

/** Dashed until the server was ready, then solid; a tick where it became so. */
function drawServer(
  context: CanvasRenderingContext2D,
  { serverFromMs, readyMs }: Bar,
  topPx: number,
  toPx: ToPx,
  endPx: number,
  colors: Colors,
): void {
  const y = topPx + BAR_PX - SERVER_PX;
  const from = toPx(serverFromMs as number);
  const ready = readyMs === undefined ? endPx : Math.min(toPx(readyMs), endPx);
  context.fillStyle = colors.server;
  if (ready - from > 4)
    for (let x = Math.max(from, -4); x < ready; x += 4) context.fillRect(x, y + 1, 2, SERVER_PX - 1);
  if (readyMs === undefined) return;
  context.fillRect(ready, y + 1, Math.max(endPx - ready, 0), SERVER_PX - 1);
  if (endPx - from < 8) return;
  context.beginPath();
  context.moveTo(ready, topPx + 2);
  context.lineTo(ready + 6, topPx + 6);
  context.lineTo(ready, topPx + 10);
  context.fillStyle = colors['on-bar'];
  context.fill();
}

function drawBorrowed(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  width: number,
  colors: Colors,
): void {
  context.setLineDash([3, 2]);
  context.lineWidth = 1.5;
  context.strokeStyle = colors.text;
  context.strokeRect(x + 0.75, y + 0.75, width - 1.5, BAR_PX - 1.5);
  context.setLineDash([]);
}

function drawSeal(context: CanvasRenderingContext2D, endPx: number, y: number, colors: Colors): void {
  context.fillStyle = colors.text;
  context.fillRect(endPx - 3, y - 1, 3, BAR_PX + 2);
}

function drawLeak(context: CanvasRenderingContext2D, endPx: number, y: number, colors: Colors): void {
  context.beginPath();
  context.moveTo(endPx - 1, y - 1);
  context.lineTo(endPx + 8, y + BAR_PX / 2);
  context.lineTo(endPx - 1, y + BAR_PX + 1);
  context.closePath();
  context.fillStyle = colors.leaked;
  context.fill();
  context.strokeStyle = colors.surface;
  context.lineWidth = 1;
  context.stroke();
}

/** Around the bar that is chosen, or under the pointer. */
export function outlineBar(
  context: CanvasRenderingContext2D,
  { fromMs, toMs }: Bar,
  topPx: number,
  toPx: ToPx,
  colors: Colors,
): void {
  const x = toPx(fromMs);
  const widthPx = Math.max(toPx(toMs) - x, 1.5);
  context.lineWidth = 2;
  context.strokeStyle = colors.surface;
  context.strokeRect(x - 1, topPx - 1, widthPx + 2, BAR_PX + 2);
  context.strokeStyle = colors.text;
  context.strokeRect(x - 3, topPx - 3, widthPx + 6, BAR_PX + 6);
}
