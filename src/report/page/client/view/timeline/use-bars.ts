/** Which bar has the cursor and which one is pointed at, and how the keyboard moves them. */
import type { RefObject } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { Bar } from '../../model/timeline.ts';
import { nextBar, windowByKey } from './keys.ts';
import type { LanesProps } from './lanes.tsx';
import { type PlacedRow, ROW_PX } from './layout.ts';
import { including } from './window.ts';

export interface Bars {
  /** The one that has the focus, or would get it. */
  readonly current: Bar | undefined;
  /** The one that is pointed at, or has the focus. */
  readonly told: Bar | undefined;
  readonly hasFocus: boolean;
  readonly onFocus: (hasFocus: boolean) => void;
  readonly onHover: (bar: Bar | undefined) => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

export function useBars(props: LanesProps, scroller: RefObject<HTMLElement | null>): Bars {
  const { timeline, layout, selected, window, onWindow } = props;
  const [hovered, onHover] = useState<Bar>();
  const [cursor, setCursor] = useState<Bar>();
  const [hasFocus, setHasFocus] = useState(false);
  const current = cursor ?? timeline.bars[0];
  const moveTo = useCallback(
    (bar: Bar): void => {
      setCursor(bar);
      onWindow((old) => including(old, bar.fromMs, bar.toMs, timeline.endMs));
      scrollToRow(scroller.current, layout.rowOf.get(bar));
    },
    [scroller, layout, onWindow, timeline],
  );
  useEffect(() => {
    if (selected[0] !== undefined) moveTo(selected[0]);
  }, [selected, moveTo]);

  const onFocus = (nowHasFocus: boolean): void => {
    setHasFocus(nowHasFocus);
    if (nowHasFocus && current !== undefined) moveTo(current);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = nextBar(event, layout, current);
    const changed = windowByKey(event, window, current, timeline.endMs);
    if (event.key === 'Escape') {
      setHasFocus(false);
      onHover(undefined);
    }
    if (next === undefined && changed === undefined) return;
    event.preventDefault();
    if (changed !== undefined) onWindow(() => changed);
    if (next === undefined) return;
    setHasFocus(true);
    moveTo(next);
  };
  return {
    current,
    told: hovered ?? (hasFocus ? current : undefined),
    hasFocus,
    onFocus,
    onHover,
    onKeyDown,
  };
}

function scrollToRow(scroller: HTMLElement | null, row: PlacedRow | undefined): void {
  if (scroller === null || row === undefined) return;
  const { scrollTop, clientHeight } = scroller;
  if (row.topPx < scrollTop || row.topPx + ROW_PX > scrollTop + clientHeight)
    scroller.scrollTop = row.topPx - clientHeight / 2;
}
