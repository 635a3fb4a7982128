/** What the keys of the timeline do. */
import type { Bar } from '../../model/timeline.ts';
import { barBeside, barInNextLane, barsOfLane, type Layout } from './layout.ts';
import { middleOf, pan, type TimeWindow, zoom, ZOOM_STEP } from './window.ts';

const PAN_SHARE = 0.2;

/** Arrows, Home and End. */
export function nextBar(event: KeyboardEvent, layout: Layout, from: Bar | undefined): Bar | undefined {
  if (from === undefined || event.shiftKey || hasCommandKey(event)) return undefined;
  switch (event.key) {
    case 'ArrowRight':
      return barBeside(layout, from, 1);
    case 'ArrowLeft':
      return barBeside(layout, from, -1);
    case 'ArrowDown':
      return barInNextLane(layout, from, 1);
    case 'ArrowUp':
      return barInNextLane(layout, from, -1);
    case 'Home':
      return barsOfLane(layout, layout.rowOf.get(from)?.lane)[0];
    case 'End':
      return barsOfLane(layout, layout.rowOf.get(from)?.lane).at(-1);
    default:
      return undefined;
  }
}

/** Plus, minus, 0, and Shift with arrows. */
export function windowByKey(
  event: KeyboardEvent,
  window: TimeWindow,
  around: Bar | undefined,
  endMs: number,
): TimeWindow | undefined {
  if (hasCommandKey(event)) return undefined;
  const lengthMs = window.toMs - window.fromMs;
  const middle = middleOf(around ?? window);
  switch (event.key) {
    case '+':
    case '=':
      return zoom(window, 1 / ZOOM_STEP, middle, endMs);
    case '-':
    case '_':
      return zoom(window, ZOOM_STEP, middle, endMs);
    case '0':
      return { fromMs: 0, toMs: endMs };
    case 'ArrowRight':
      return event.shiftKey ? pan(window, lengthMs * PAN_SHARE, endMs) : undefined;
    case 'ArrowLeft':
      return event.shiftKey ? pan(window, -lengthMs * PAN_SHARE, endMs) : undefined;
    default:
      return undefined;
  }
}

/** Those are the browser's. */
function hasCommandKey({ ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  return ctrlKey || metaKey || altKey;
}
