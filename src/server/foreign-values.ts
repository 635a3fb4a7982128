/** Values of tests: Vitest's vm pools and jsdom have classes of their own, so that `instanceof` knows none of theirs. */

export function isRegExp(value: unknown): value is RegExp {
  return process.getBuiltinModule('node:util').types.isRegExp(value);
}

export function isPromise(value: unknown): value is Promise<unknown> {
  return process.getBuiltinModule('node:util').types.isPromise(value);
}

/** As AbortSignal.any, which takes only those of its own class. @returns what ends the following */
export function follow(
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
