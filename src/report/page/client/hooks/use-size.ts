/** The size of an element, also when the window changes. */
import { type RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';

export interface ElementSize {
  readonly widthPx: number;
  readonly heightPx: number;
}

export function useSize(element: RefObject<HTMLElement | null>): ElementSize {
  const [size, setSize] = useState<ElementSize>({ widthPx: 0, heightPx: 0 });
  useLayoutEffect(() => {
    const { current } = element;
    if (current === null) return undefined;
    const update = (): void => setSize({ widthPx: current.clientWidth, heightPx: current.clientHeight });
    update();
    const observer = new ResizeObserver(update);
    observer.observe(current);
    return () => observer.disconnect();
  }, [element]);
  return size;
}
