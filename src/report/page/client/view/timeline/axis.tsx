/** The ports in use over the whole run, where a window can be drawn with the mouse, and the times of the lanes below. */
import { useMemo, useRef } from 'preact/hooks';
import { mostInPieces } from '../../model/usage.ts';
import { Picture } from '../picture.tsx';
import { AXIS_PX, drawAxis, USAGE_PX } from './draw.ts';
import type { TimelineProps } from './timeline-section.tsx';
import type { TimeWindow } from './window.ts';

interface AxisProps extends TimelineProps {
  /** Of the lanes, which may have a scroll bar beside them. */
  readonly widthPx: number;
  readonly window: TimeWindow;
  readonly onWindow: (change: (old: TimeWindow) => TimeWindow) => void;
}

const DRAG_PX = 4;

export function Axis(props: AxisProps) {
  const { timeline, momentMs, colors, window, widthPx, onWindow, onMoment } = props;
  const { endMs } = timeline;
  const pressedPx = useRef<number>(undefined);
  const usage = useMemo(
    () => mostInPieces(props.usage, endMs, Math.round(widthPx)),
    [props.usage, endMs, widthPx],
  );
  const heightPx = USAGE_PX + AXIS_PX;
  const timeAt = (x: number): number => (Math.min(Math.max(x, 0), widthPx) / widthPx) * endMs;
  const onPointerMove = ({ offsetX, currentTarget, pointerId }: PointerEvent): void => {
    const { current } = pressedPx;
    if (current === undefined || Math.abs(offsetX - current) < DRAG_PX) return;
    (currentTarget as HTMLElement).setPointerCapture(pointerId);
    const [fromMs, toMs] = [timeAt(Math.min(current, offsetX)), timeAt(Math.max(current, offsetX))];
    onWindow(() => ({ fromMs, toMs }));
  };
  const onPointerUp = ({ offsetX }: PointerEvent): void => {
    if (pressedPx.current !== undefined && Math.abs(offsetX - pressedPx.current) < DRAG_PX)
      onMoment(timeAt(offsetX));
    pressedPx.current = undefined;
  };
  return (
    <div class="axis">
      <div class="axis-label" aria-hidden="true">
        <span class="wide-only">ports </span>in use
      </div>
      <div
        class="axis-surface"
        onPointerDown={({ offsetX }) => (pressedPx.current = offsetX)}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerUp}
      >
        <Picture
          widthPx={widthPx}
          heightPx={heightPx}
          draw={(context) => drawAxis(context, { widthPx, heightPx, window, endMs, usage, momentMs, colors })}
        />
      </div>
    </div>
  );
}
