/** Draws what is visible of the lanes, and the axis with the ports in use above them. */
import { scaleLinear, scaleUtc } from 'd3-scale';
import type { Bar } from '../../model/timeline.ts';
import { formatAxisTime } from '../../text/axis-time.ts';
import type { Colors } from './colors.ts';
import { colorOf, drawBar, outlineBar, type ToPx } from './draw-bar.ts';
import { BAR_PX, firstAfter, GROUP_PX, type Layout, type PlacedRow, ROW_PX } from './layout.ts';
import type { TimeWindow } from './window.ts';

const TICK_DISTANCE_PX = 90;
export const AXIS_PX = 22;
export const USAGE_PX = 44;

interface Size {
  readonly widthPx: number;
  readonly heightPx: number;
}

export interface LanesPicture extends Size {
  readonly layout: Layout;
  readonly window: TimeWindow;
  readonly scrolledPx: number;
  readonly momentMs: number;
  readonly outlined: readonly Bar[];
  readonly colors: Colors;
}

export function scaleOf({ fromMs, toMs }: TimeWindow, widthPx: number): ToPx {
  const scale = scaleLinear([fromMs, toMs], [0, widthPx]);
  return (atMs) => scale(atMs);
}

function ticksOf({ fromMs, toMs }: TimeWindow, widthPx: number): number[] {
  const scale = scaleUtc([fromMs, toMs], [0, widthPx]);
  return scale.ticks(Math.max(Math.floor(widthPx / TICK_DISTANCE_PX), 2)).map(Number);
}

export function drawLanes(context: CanvasRenderingContext2D, picture: LanesPicture): void {
  const { layout, window, widthPx, heightPx, scrolledPx, colors } = picture;
  const toPx = scaleOf(window, widthPx);
  context.clearRect(0, 0, widthPx, heightPx);
  drawStripes(context, picture);
  drawGrid(context, picture, toPx);
  context.fillStyle = colors.surface;
  for (const { topPx } of layout.groups) context.fillRect(0, topPx - scrolledPx, widthPx, GROUP_PX);
  const visible = layout.rows.filter(
    ({ topPx }) => topPx + ROW_PX >= scrolledPx && topPx <= scrolledPx + heightPx,
  );
  for (const row of visible) drawRow(context, row, picture, toPx);
  for (const bar of picture.outlined) {
    const row = layout.rowOf.get(bar);
    if (row !== undefined) outlineBar(context, bar, barTop(row, scrolledPx), toPx, colors);
  }
  drawMoment(context, picture, toPx);
}

export function barTop({ topPx }: PlacedRow, scrolledPx: number): number {
  return topPx - scrolledPx + (ROW_PX - BAR_PX) / 2;
}

function drawStripes(
  context: CanvasRenderingContext2D,
  { layout, scrolledPx, widthPx, colors }: LanesPicture,
): void {
  context.fillStyle = colors.lane;
  layout.lanes.forEach(({ topPx, heightPx }, index) => {
    if (index % 2 === 0) context.fillRect(0, topPx - scrolledPx, widthPx, heightPx);
  });
}

function drawGrid(context: CanvasRenderingContext2D, picture: LanesPicture, toPx: ToPx): void {
  context.fillStyle = picture.colors.line;
  for (const tick of ticksOf(picture.window, picture.widthPx))
    context.fillRect(Math.round(toPx(tick)), 0, 1, picture.heightPx);
}

/** Of bars that would lie in the same pixel only the first is drawn, but each leak. */
function drawRow(context: CanvasRenderingContext2D, row: PlacedRow, picture: LanesPicture, toPx: ToPx): void {
  const { window, scrolledPx, colors } = picture;
  const topPx = barTop(row, scrolledPx);
  let [lastPx, lastColor] = [-Infinity, ''];
  const leaks: Bar[] = [];
  for (let index = firstAfter(row.bars, window.fromMs); index < row.bars.length; index++) {
    const bar = row.bars[index] as Bar;
    if (bar.fromMs > window.toMs) break;
    const endPx = Math.floor(toPx(bar.toMs));
    const color = colorOf(bar);
    if (color === 'leaked') leaks.push(bar);
    else if (endPx > lastPx || color !== lastColor) drawBar(context, bar, topPx, toPx, colors);
    [lastPx, lastColor] = [endPx, color];
  }
  for (const bar of leaks) drawBar(context, bar, topPx, toPx, colors);
}

function drawMoment(context: CanvasRenderingContext2D, picture: LanesPicture, toPx: ToPx): void {
  const x = Math.round(toPx(picture.momentMs));
  context.fillStyle = picture.colors.accent;
  context.fillRect(Math.min(x, picture.widthPx - 1), 0, 1, picture.heightPx);
}

export interface AxisPicture extends Size {
  readonly window: TimeWindow;
  readonly endMs: number;
  /** The most ports in use, for each pixel. */
  readonly usage: readonly number[];
  readonly momentMs: number;
  readonly colors: Colors;
}

export function drawAxis(context: CanvasRenderingContext2D, picture: AxisPicture): void {
  context.clearRect(0, 0, picture.widthPx, picture.heightPx);
  drawUsage(context, picture);
  drawWindow(context, picture);
  drawTicks(context, picture);
}

/** Ports in use over the whole run. */
function drawUsage(context: CanvasRenderingContext2D, { usage, colors }: AxisPicture): void {
  const most = usage.reduce((highest, portCount) => Math.max(highest, portCount), 1);
  const height = scaleLinear([0, most], [USAGE_PX - 1, 4]);
  context.beginPath();
  context.moveTo(0, USAGE_PX - 1);
  usage.forEach((portCount, x) => {
    context.lineTo(x, height(portCount));
    context.lineTo(x + 1, height(portCount));
  });
  context.lineTo(usage.length, USAGE_PX - 1);
  context.fillStyle = colors['slice-b'];
  context.fill();
  context.strokeStyle = colors.muted;
  context.lineWidth = 1;
  context.stroke();
}

/** What the lanes below show of the run. */
function drawWindow(context: CanvasRenderingContext2D, picture: AxisPicture): void {
  const { window, endMs, widthPx, colors } = picture;
  const toPx = scaleOf({ fromMs: 0, toMs: endMs }, widthPx);
  context.fillStyle = colors.accent;
  context.fillRect(Math.min(Math.round(toPx(picture.momentMs)), widthPx - 1), 0, 1, USAGE_PX);
  if (window.toMs - window.fromMs >= endMs) return;
  const [from, to] = [toPx(window.fromMs), toPx(window.toMs)];
  context.globalAlpha = 0.7;
  context.fillStyle = colors.surface;
  context.fillRect(0, 0, from, USAGE_PX - 1);
  context.fillRect(to, 0, widthPx - to, USAGE_PX - 1);
  context.globalAlpha = 1;
  context.strokeStyle = colors.text;
  context.strokeRect(from + 0.5, 0.5, Math.max(to - from - 1, 2), USAGE_PX - 2);
}

function drawTicks(context: CanvasRenderingContext2D, { window, widthPx, colors }: AxisPicture): void {
  const toPx = scaleOf(window, widthPx);
  const ticks = ticksOf(window, widthPx);
  const stepMs = (ticks[1] ?? window.toMs) - (ticks[0] ?? window.fromMs);
  context.font = '12px system-ui, sans-serif';
  context.textBaseline = 'middle';
  context.fillStyle = colors.line;
  context.fillRect(0, USAGE_PX + AXIS_PX - 1, widthPx, 1);
  for (const tick of ticks) {
    const x = Math.round(toPx(tick));
    context.fillStyle = colors['line-strong'];
    context.fillRect(x, USAGE_PX + AXIS_PX - 6, 1, 6);
    const text = formatAxisTime(tick, stepMs);
    const textPx = context.measureText(text).width;
    context.fillStyle = colors.muted;
    context.fillText(
      text,
      Math.min(Math.max(x - textPx / 2, 0), widthPx - textPx),
      USAGE_PX + AXIS_PX / 2 - 2,
    );
  }
}
