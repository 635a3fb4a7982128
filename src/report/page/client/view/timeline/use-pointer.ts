/** Mouse, pen, finger and wheel over the lanes. */
import { type RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface Point {
  readonly x: number;
  readonly y: number;
}

export interface PointerActions {
  /** Undefined: it has left. */
  readonly onPoint: (place: Point | undefined) => void;
  readonly onChoose: (place: Point) => void;
  /** Later for positive numbers. */
  readonly onPan: (byPx: number) => void;
  readonly onZoom: (factor: number, x: number) => void;
}

/** A press that moves less is a click. */
const DRAG_PX = 4;
const ZOOM_PER_PX = 1.003;

export function usePointer(surface: RefObject<HTMLElement | null>, actions: PointerActions): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const { current } = surface;
    return current === null ? undefined : listen(current, latest);
  }, [surface]);
}

function listen(element: HTMLElement, actions: { readonly current: PointerActions }): () => void {
  const control = new AbortController();
  const options = { signal: control.signal };
  let [lastX, movedPx] = [0, 0];
  let isPressed = false;
  const placeOf = ({ clientX, clientY }: MouseEvent): Point => {
    const { left, top } = element.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  };
  const onMove = (event: PointerEvent): void => {
    if (!isPressed) {
      actions.current.onPoint(placeOf(event));
      return;
    }
    movedPx += Math.abs(event.clientX - lastX);
    if (movedPx > DRAG_PX) {
      element.setPointerCapture(event.pointerId);
      actions.current.onPan(lastX - event.clientX);
    }
    lastX = event.clientX;
  };
  element.addEventListener(
    'pointerdown',
    (event) => {
      if (event.button === 0) [isPressed, lastX, movedPx] = [true, event.clientX, 0];
    },
    options,
  );
  element.addEventListener('pointermove', onMove, options);
  element.addEventListener(
    'pointerup',
    (event) => {
      if (isPressed && movedPx <= DRAG_PX) actions.current.onChoose(placeOf(event));
      isPressed = false;
    },
    options,
  );
  for (const name of ['pointercancel', 'pointerleave'] as const)
    element.addEventListener(
      name,
      () => {
        isPressed = false;
        actions.current.onPoint(undefined);
      },
      options,
    );
  element.addEventListener('wheel', (event) => onWheel(event, placeOf(event).x, actions.current), {
    ...options,
    passive: false,
  });
  return () => control.abort();
}

/** Up and down scrolls, as everywhere. */
function onWheel(event: WheelEvent, x: number, { onZoom, onPan }: PointerActions): void {
  const { deltaX, deltaY, ctrlKey, metaKey, shiftKey } = event;
  const sideways = shiftKey && deltaX === 0 ? deltaY : deltaX;
  if (ctrlKey || metaKey) onZoom(ZOOM_PER_PX ** deltaY, x);
  else if (Math.abs(sideways) >= Math.abs(deltaY)) onPan(sideways);
  else return;
  event.preventDefault();
}
