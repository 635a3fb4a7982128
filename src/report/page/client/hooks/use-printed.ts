/** Whether the page is being printed: then everything is as on paper before the browser goes on. */
import { options } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useMedia } from './use-media.ts';

/** Of the root element: on paper colours are the light ones, also while the media query does not say so yet. */
export const PRINTED_CLASS = 'printed';

export function usePrinted(): boolean {
  const isOnPaper = useMedia('print');
  const [isBegun, setBegun] = useState(false);
  useEffect(() => {
    const control = new AbortController();
    for (const [name, begins] of [
      ['beforeprint', true],
      ['afterprint', false],
    ] as const)
      addEventListener(
        name,
        () => {
          document.documentElement.classList.toggle(PRINTED_CLASS, begins);
          renderAtOnce(() => setBegun(begins));
        },
        { signal: control.signal },
      );
    return () => control.abort();
  }, []);
  return isOnPaper || isBegun;
}

/** The browser does not wait for what is rendered later, as preact does unless it is told otherwise. */
function renderAtOnce(change: () => void): void {
  options.debounceRendering = (render) => render();
  try {
    change();
  } finally {
    delete options.debounceRendering;
  }
}
