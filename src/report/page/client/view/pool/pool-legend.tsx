/** What the cells of the map mean. */
import { Picture } from '../picture.tsx';
import type { Colors } from '../timeline/colors.ts';
import { drawMark, drawSlice, type Mark, type Square } from './draw-pool.ts';

type Draw = (context: CanvasRenderingContext2D, square: Square, colors: Colors) => void;

const SAMPLE_PX = 13;
const SAMPLES: readonly (readonly [name: string, draw: Draw])[] = [
  ['slices, in turn', drawBoth],
  ['held', markOf('held')],
  ['sealed', markOf('sealed')],
  ['leaked', markOf('leaked')],
  ['foreign listener', markOf('foreign')],
  ['excluded', markOf('excluded')],
];

export function PoolLegend({ colors }: { readonly colors: Colors }) {
  return (
    <ul class="legend" aria-label="Legend of the map">
      {SAMPLES.map(([name, draw]) => (
        <li key={name}>
          <Picture
            widthPx={name.startsWith('slices') ? 2 * SAMPLE_PX : SAMPLE_PX}
            heightPx={SAMPLE_PX}
            draw={(context) => {
              context.clearRect(0, 0, 2 * SAMPLE_PX, SAMPLE_PX);
              draw(context, [0, 0, SAMPLE_PX], colors);
            }}
          />
          {name}
        </li>
      ))}
    </ul>
  );
}

function markOf(kind: Mark['kind']): Draw {
  return (context, square, colors) => drawMark(context, kind, square, colors);
}

function drawBoth(context: CanvasRenderingContext2D, [x, y, sizePx]: Square, colors: Colors): void {
  drawSlice(context, [x, y, sizePx], 0, colors);
  drawSlice(context, [x + sizePx, y, sizePx], 1, colors);
}
