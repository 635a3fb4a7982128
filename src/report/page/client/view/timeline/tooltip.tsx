/** What the bar under the pointer, or the one with the focus, is. */
import type { Bar } from '../../model/timeline.ts';
import { factsOf, headingOf } from '../../text/describe-bar.ts';

interface Place {
  readonly leftPx: number;
  readonly topPx: number;
}

interface TooltipProps extends Place {
  readonly bar: Bar;
  /** Of the lanes. It stays within. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** Where the lanes begin in the window. */
  readonly lanesTopPx: number;
}

const TOOLTIP_PX = 340;
const GAP_PX = 8;
/** Higher than most are. */
const MOST_PX = 240;

export function Tooltip({ bar, leftPx, topPx, widthPx, heightPx, lanesTopPx }: TooltipProps) {
  const inWindowPx = lanesTopPx + topPx;
  const above = inWindowPx > MOST_PX && inWindowPx + MOST_PX > innerHeight;
  const style = {
    left: `calc(var(--label-width) + ${Math.max(Math.min(leftPx, widthPx - TOOLTIP_PX), 0)}px)`,
    width: `${Math.min(TOOLTIP_PX, widthPx)}px`,
    ...(above ? { bottom: `${heightPx - topPx + GAP_PX}px` } : { top: `${topPx + 18 + GAP_PX}px` }),
  };
  return (
    <div class="tooltip" role="tooltip" id="bar-tooltip" style={style}>
      <strong>
        <bdi>{headingOf(bar)}</bdi>
      </strong>
      <dl>
        {factsOf(bar).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <bdi>{value}</bdi>
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
