/** Worker by time: a bar for each port. Mouse and keyboard move it; the table has the same in words. */
import { useMemo, useRef, useState } from 'preact/hooks';
import type { PortsReport } from '../../../../format.ts';
import { useSize } from '../../hooks/use-size.ts';
import type { Timeline } from '../../model/timeline.ts';
import { type UsageStep } from '../../model/usage.ts';
import { Axis } from './axis.tsx';
import type { Colors } from './colors.ts';
import { Lanes } from './lanes.tsx';
import { placeLanes } from './layout.ts';
import { Legend } from './legend.tsx';
import { middleOf, type TimeWindow, zoom, ZOOM_STEP } from './window.ts';

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
          <button
            type="button"
            onClick={() => zoomBy(1 / ZOOM_STEP)}
            aria-label="Zoom in"
            title="Zoom in (+)"
          >
            +
          </button>
          <button type="button" onClick={() => zoomBy(ZOOM_STEP)} aria-label="Zoom out" title="Zoom out (-)">
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
