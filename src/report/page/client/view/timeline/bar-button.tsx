/** The one bar that is an element: the one that has the focus, or would get it. */
import { useEffect, useRef } from 'preact/hooks';
import { selectTest } from '../../hooks/use-selected-test.ts';
import type { Bar } from '../../model/timeline.ts';
import { describeBar } from '../../text/describe-bar.ts';
import { BAR_PX } from './layout.ts';

export interface BarPlace {
  readonly leftPx: number;
  readonly topPx: number;
  readonly widthPx: number;
}

interface BarButtonProps {
  readonly bar: Bar;
  readonly place: BarPlace;
  readonly isFocused: boolean;
  readonly onFocus: (hasFocus: boolean) => void;
}

export function BarButton({ bar, place, isFocused, onFocus }: BarButtonProps) {
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
        width: `${place.widthPx}px`,
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
