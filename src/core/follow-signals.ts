/** Signals of tests: in Vitest's vm pools and jsdom they are of classes that AbortSignal.any does not take. */

/** Aborts the controller as soon as one of them aborts, and for its reason. @returns what ends the following */
export function followSignals(
  controller: AbortController,
  signals: readonly (AbortSignal | undefined)[],
): () => void {
  const listeners = signals.flatMap((signal) => {
    if (signal === undefined) return [];
    const onAbort = (): void => controller.abort(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort);
    return { signal, onAbort };
  });
  return () => {
    for (const { signal, onAbort } of listeners) signal.removeEventListener('abort', onAbort);
  };
}
