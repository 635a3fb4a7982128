/** A canvas that is as sharp as the screen, drawn anew whenever this is rendered. What it shows is told elsewhere in words. */
import { useLayoutEffect, useRef } from 'preact/hooks';
import { PRINTED_CLASS } from '../hooks/use-printed.ts';
import type { ElementSize } from '../hooks/use-size.ts';

interface PictureProps extends ElementSize {
  readonly draw: (context: CanvasRenderingContext2D) => void;
  readonly class?: string;
}

/** On paper a pixel of a screen would be coarse. */
const PRINTED_RATIO = 3;

export function Picture({ draw, widthPx, heightPx, ...rest }: PictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context || widthPx === 0) return;
    const ratio = document.documentElement.classList.contains(PRINTED_CLASS)
      ? PRINTED_RATIO
      : devicePixelRatio;
    const [width, height] = [Math.round(widthPx * ratio), Math.round(heightPx * ratio)];
    // Setting them clears the canvas, and takes time.
    if (context.canvas.width !== width) context.canvas.width = width;
    if (context.canvas.height !== height) context.canvas.height = height;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    draw(context);
  });
  return (
    <canvas
      ref={canvas}
      class={rest.class}
      style={{ width: `${widthPx}px`, height: `${heightPx}px` }}
      aria-hidden="true"
    />
  );
}
