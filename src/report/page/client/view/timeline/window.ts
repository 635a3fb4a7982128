/** The part of the run that the timeline shows, and how it is moved. */

export interface TimeWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Of a button or a key. */
export const ZOOM_STEP = 1.6;
const SHORTEST_MS = 2;
const ROOM_SHARE = 0.1;

export function middleOf({ fromMs, toMs }: TimeWindow): number {
  return (fromMs + toMs) / 2;
}

/** @param factor below 1 shows less of the run, above 1 more of it */
export function zoom(window: TimeWindow, factor: number, aroundMs: number, endMs: number): TimeWindow {
  const lengthMs = Math.min(Math.max((window.toMs - window.fromMs) * factor, SHORTEST_MS), endMs);
  const share = (aroundMs - window.fromMs) / (window.toMs - window.fromMs);
  return within({ fromMs: aroundMs - share * lengthMs, toMs: aroundMs + (1 - share) * lengthMs }, endMs);
}

export function pan({ fromMs, toMs }: TimeWindow, byMs: number, endMs: number): TimeWindow {
  return within({ fromMs: fromMs + byMs, toMs: toMs + byMs }, endMs);
}

/** The same window, moved so that it has this piece in its middle; of a piece that is longer, the beginning. */
export function including(window: TimeWindow, fromMs: number, toMs: number, endMs: number): TimeWindow {
  if (window.fromMs <= fromMs && toMs <= window.toMs) return window;
  const lengthMs = window.toMs - window.fromMs;
  const roomMs = Math.max((lengthMs - (toMs - fromMs)) / 2, lengthMs * ROOM_SHARE);
  return within({ fromMs: fromMs - roomMs, toMs: fromMs - roomMs + lengthMs }, endMs);
}

function within({ fromMs, toMs }: TimeWindow, endMs: number): TimeWindow {
  const lengthMs = Math.min(toMs - fromMs, endMs);
  const start = Math.min(Math.max(fromMs, 0), endMs - lengthMs);
  return { fromMs: start, toMs: start + lengthMs };
}
