/** Worker by time: a bar for each port. Mouse and keyboard move it; the table has the same in words. */
import type { RefObject } from 'preact';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { PortsReport } from '../../../../format.ts';
import { selectTest } from '../../hooks/use-selected-test.ts';
import { type ElementSize, useSize } from '../../hooks/use-size.ts';
import type { Bar, Timeline } from '../../model/timeline.ts';
import { type UsageStep } from '../../model/usage.ts';
import { describeBar } from '../../text/describe-bar.ts';
import { Picture } from '../picture.tsx';
import { Axis } from './axis.tsx';
import type { Colors } from './colors.ts';
import { barTop, drawLanes, scaleOf } from './draw.ts';
import { nextBar, windowByKey } from './keys.ts';
import { LaneLabels } from './lane-labels.tsx';
import { BAR_PX, barNear, type Layout, placeLanes, type PlacedRow, ROW_PX } from './layout.ts';
import { Legend } from './legend.tsx';
import { Tooltip } from './tooltip.tsx';
import { usePointer } from './use-pointer.ts';
import { including, pan, type TimeWindow, zoom } from './window.ts';

export interface TimelineProps {
  readonly report: PortsReport;
  readonly timeline: Timeline;
  readonly usage: readonly UsageStep[];
  readonly selectedId: string | undefined;
  readonly momentMs: number;
  readonly onMoment: (atMs: number) => void;
  readonly colors: Colors;
  readonly isPrinted: boolean;
}

/** As near as this a bar is meant. */
const NEAR_PX = 4;
const STEP = 1.6;

export function TimelineSection(props: TimelineProps) {
  const { timeline, selectedId, isPrinted } = props;
  const selected = useMemo(
    () => timeline.bars.filter(({ test }) => test !== undefined && test.id === selectedId),
    [timeline, selectedId],
  );
  const layout = useMemo(() => placeLanes(timeline), [timeline]);
  const whole = useMemo(() => ({ fromMs: 0, toMs: timeline.endMs }), [timeline]);
  const [chosen, setWindow] = useState<TimeWindow>(whole);
  const surface = useRef<HTMLDivElement>(null);
  const size = useSize(surface);
  const window = isPrinted ? whole : chosen;
  const zoomBy = (factor: number): void =>
    setWindow((old) => zoom(old, factor, middleOf(selected[0] ?? old), timeline.endMs));

  return (
    <section aria-labelledby="timeline-heading" class="timeline">
      <div class="section-head">
        <h2 id="timeline-heading">Timeline</h2>
        <div class="tools" role="group" aria-label="Zoom">
          <button type="button" onClick={() => zoomBy(1 / STEP)} aria-label="Zoom in" title="Zoom in (+)">
            +
          </button>
          <button type="button" onClick={() => zoomBy(STEP)} aria-label="Zoom out" title="Zoom out (-)">
            &minus;
          </button>
          <button type="button" onClick={() => setWindow(whole)} title="Show the whole run (0)">
            Whole run
          </button>
        </div>
        <Legend colors={props.colors} />
      </div>
      <Axis {...props} widthPx={size.widthPx} window={window} onWindow={setWindow} />
      <Lanes
        {...props}
        selected={selected}
        surface={surface}
        size={size}
        layout={layout}
        window={window}
        onWindow={setWindow}
      />
      <p id="timeline-help" class="help screen-only">
        Drag pans, Ctrl + wheel zooms, a click chooses. Keys: arrows, Enter, + &minus; 0, Shift + arrows. The
        table of tests has the same in words.
      </p>
    </section>
  );
}

interface LanesProps extends TimelineProps {
  readonly surface: RefObject<HTMLDivElement | null>;
  /** The bars of the chosen test. */
  readonly selected: readonly Bar[];
  readonly size: ElementSize;
  readonly layout: Layout;
  readonly window: TimeWindow;
  readonly onWindow: (change: (old: TimeWindow) => TimeWindow) => void;
}

function Lanes(props: LanesProps) {
  const { report, timeline, layout, surface, size, selected, window, onWindow, isPrinted } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const { widthPx, heightPx: shownPx } = size;
  const [scrolled, setScrolled] = useState(0);
  const [hovered, setHovered] = useState<Bar>();
  const [cursor, setCursor] = useState<Bar>();
  const [hasFocus, setHasFocus] = useState(false);
  const heightPx = isPrinted ? layout.heightPx : shownPx;
  const scrolledPx = isPrinted ? 0 : scrolled;
  const toPx = scaleOf(window, widthPx);
  const msPerPx = (window.toMs - window.fromMs) / Math.max(widthPx, 1);

  const reveal = useCallback(
    (bar: Bar): void => {
      onWindow((old) => including(old, bar.fromMs, bar.toMs, timeline.endMs));
      scrollToRow(scroller.current, layout.rowOf.get(bar));
    },
    [layout, onWindow, timeline],
  );
  useEffect(() => {
    const [bar] = selected;
    if (bar === undefined) return;
    setCursor(bar);
    reveal(bar);
  }, [selected, reveal]);

  usePointer(surface, {
    onPoint: (place) =>
      setHovered(
        place && barNear(layout, place.y + scrolledPx, window.fromMs + place.x * msPerPx, NEAR_PX * msPerPx),
      ),
    onChoose: ({ x, y }) => {
      const atMs = window.fromMs + x * msPerPx;
      const bar = barNear(layout, y + scrolledPx, atMs, NEAR_PX * msPerPx);
      if (bar?.test === undefined) props.onMoment(atMs);
      else selectTest(bar.test.id);
    },
    onPan: (byPx) => onWindow((old) => pan(old, (byPx * (old.toMs - old.fromMs)) / widthPx, timeline.endMs)),
    onZoom: (factor, x) =>
      onWindow((old) =>
        zoom(old, factor, old.fromMs + (x / widthPx) * (old.toMs - old.fromMs), timeline.endMs),
      ),
  });

  const current = cursor ?? timeline.bars[0];
  const tip = hovered ?? (hasFocus ? current : undefined);
  const onKeyDown = (event: KeyboardEvent): void => {
    const moved = nextBar(event, layout, current);
    const changed = windowByKey(event, window, current, timeline.endMs);
    if (moved !== undefined) {
      setCursor(moved);
      setHasFocus(true);
      reveal(moved);
    } else if (changed !== undefined) onWindow(() => changed);
    else if (event.key === 'Escape') {
      setHasFocus(false);
      setHovered(undefined);
      return;
    } else return;
    event.preventDefault();
  };

  const place = (bar: Bar): { leftPx: number; topPx: number } => ({
    leftPx: Math.min(Math.max(toPx(bar.fromMs), 0), widthPx),
    topPx: barTop(layout.rowOf.get(bar) as PlacedRow, scrolledPx),
  });
  const outlined = tip === undefined ? selected : [...selected, tip];

  return (
    <div class="lanes-frame">
      <div class="lanes" ref={scroller} onScroll={() => setScrolled(scroller.current?.scrollTop ?? 0)}>
        <div class="lanes-all" style={{ height: `${layout.heightPx}px` }}>
          <div class="lane-labels">
            <LaneLabels layout={layout} report={report} />
          </div>
          <div
            class="lanes-surface"
            ref={surface}
            role="application"
            aria-label="Timeline of ports"
            aria-describedby="timeline-help"
            onKeyDown={onKeyDown}
          >
            <Picture
              widthPx={widthPx}
              heightPx={heightPx}
              draw={(context) => drawLanes(context, { ...props, widthPx, heightPx, scrolledPx, outlined })}
            />
            {current !== undefined && (
              <BarButton
                key={`${current.fromMs}/${current.use.port}`}
                bar={current}
                place={place(current)}
                widthPx={Math.max(
                  Math.min(toPx(current.toMs), widthPx) - Math.max(toPx(current.fromMs), 0),
                  4,
                )}
                isFocused={hasFocus}
                onFocus={setHasFocus}
              />
            )}
          </div>
        </div>
      </div>
      {tip !== undefined && (
        <Tooltip
          bar={tip}
          {...place(tip)}
          widthPx={widthPx}
          heightPx={heightPx}
          lanesTopPx={scroller.current?.getBoundingClientRect().top ?? 0}
        />
      )}
    </div>
  );
}

interface BarButtonProps {
  readonly bar: Bar;
  readonly place: { readonly leftPx: number; readonly topPx: number };
  readonly widthPx: number;
  readonly isFocused: boolean;
  readonly onFocus: (hasFocus: boolean) => void;
}

/** The one bar that is an element: the one that has the focus, or would get it. */
function BarButton({ bar, place, widthPx, isFocused, onFocus }: BarButtonProps) {
  const button = useRef<HTMLButtonElement>(null);
  // A bar that was moved to is a new element, so that it is read out.
  useEffect(() => {
    if (isFocused) button.current?.focus({ preventScroll: true });
  }, []);
  return (
    <button
      ref={button}
      type="button"
      class="bar-button"
      aria-label={describeBar(bar)}
      style={{
        left: `${place.leftPx}px`,
        top: `${place.topPx}px`,
        width: `${widthPx}px`,
        height: `${BAR_PX}px`,
      }}
      onFocus={() => onFocus(true)}
      onBlur={() => onFocus(false)}
      onClick={() => {
        if (bar.test !== undefined) selectTest(bar.test.id);
      }}
    />
  );
}

function middleOf({ fromMs, toMs }: TimeWindow): number {
  return (fromMs + toMs) / 2;
}

function scrollToRow(scroller: HTMLElement | null, row: PlacedRow | undefined): void {
  if (scroller === null || row === undefined) return;
  const { scrollTop, clientHeight } = scroller;
  if (row.topPx < scrollTop || row.topPx + ROW_PX > scrollTop + clientHeight)
    scroller.scrollTop = row.topPx - clientHeight / 2;
}
