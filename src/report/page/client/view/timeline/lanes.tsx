/** The lanes: a picture of what is visible of them, with one bar as an element over it. */
import type { RefObject } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { selectTest } from '../../hooks/use-selected-test.ts';
import type { ElementSize } from '../../hooks/use-size.ts';
import type { Bar } from '../../model/timeline.ts';
import { Picture } from '../picture.tsx';
import { BarButton, type BarPlace } from './bar-button.tsx';
import { barTop, drawLanes, scaleOf } from './draw.ts';
import { LaneLabels } from './lane-labels.tsx';
import { barNear, type Layout, type PlacedRow } from './layout.ts';
import type { TimelineProps } from './timeline-section.tsx';
import { Tooltip } from './tooltip.tsx';
import { useBars } from './use-bars.ts';
import { type PointerActions, usePointer } from './use-pointer.ts';
import { pan, type TimeWindow, zoom } from './window.ts';

export interface LanesProps extends TimelineProps {
  readonly surface: RefObject<HTMLDivElement | null>;
  readonly size: ElementSize;
  /** The bars of the chosen test. */
  readonly selected: readonly Bar[];
  readonly layout: Layout;
  readonly window: TimeWindow;
  readonly onWindow: (change: (old: TimeWindow) => TimeWindow) => void;
}

/** As near as this a bar is meant. */
const NEAR_PX = 4;
const LEAST_BUTTON_PX = 4;

export function Lanes(props: LanesProps) {
  const { report, layout, surface, size, selected, isPrinted } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [scrolled, setScrolled] = useState(0);
  const scrolledPx = isPrinted ? 0 : scrolled;
  const shown = { widthPx: size.widthPx, heightPx: isPrinted ? layout.heightPx : size.heightPx };
  const { current, told, hasFocus, onFocus, onHover, onKeyDown } = useBars(props, scroller);
  usePointer(surface, pointerActions(props, scrolledPx, onHover));
  const outlined = told === undefined ? selected : [...selected, told];

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
              {...shown}
              draw={(context) => drawLanes(context, { ...props, ...shown, scrolledPx, outlined })}
            />
            {current !== undefined && (
              <BarButton
                key={`${current.machine}/${current.use.port}/${current.fromMs}`}
                bar={current}
                place={placeOf(current, props, scrolledPx)}
                isFocused={hasFocus}
                onFocus={onFocus}
              />
            )}
          </div>
        </div>
      </div>
      {told !== undefined && (
        <Tooltip
          bar={told}
          {...placeOf(told, props, scrolledPx)}
          {...shown}
          lanesTopPx={scroller.current?.getBoundingClientRect().top ?? 0}
        />
      )}
    </div>
  );
}

function pointerActions(
  props: LanesProps,
  scrolledPx: number,
  onHover: (bar: Bar | undefined) => void,
): PointerActions {
  const { timeline, layout, window, onWindow, size, onMoment } = props;
  const { endMs } = timeline;
  const msPerPx = (window.toMs - window.fromMs) / Math.max(size.widthPx, 1);
  const timeAt = (x: number): number => window.fromMs + x * msPerPx;
  const barAt = (x: number, y: number): Bar | undefined =>
    barNear(layout, y + scrolledPx, timeAt(x), NEAR_PX * msPerPx);
  return {
    onPoint: (point) => onHover(point && barAt(point.x, point.y)),
    onChoose: ({ x, y }) => {
      const test = barAt(x, y)?.test;
      if (test === undefined) onMoment(timeAt(x));
      else selectTest(test.id);
    },
    onPan: (byPx) => onWindow((old) => pan(old, byPx * msPerPx, endMs)),
    onZoom: (factor, x) => onWindow((old) => zoom(old, factor, timeAt(x), endMs)),
  };
}

/** What is visible of a bar; where nothing is, the edge that it is behind. */
function placeOf(bar: Bar, { layout, window, size }: LanesProps, scrolledPx: number): BarPlace {
  const toPx = scaleOf(window, size.widthPx);
  const [leftPx, rightPx] = [bar.fromMs, bar.toMs].map((ms) => Math.min(Math.max(toPx(ms), 0), size.widthPx));
  return {
    leftPx: leftPx as number,
    topPx: barTop(layout.rowOf.get(bar) as PlacedRow, scrolledPx),
    widthPx: Math.max((rightPx as number) - (leftPx as number), LEAST_BUTTON_PX),
  };
}
