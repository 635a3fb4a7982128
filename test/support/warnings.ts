/** Collects the warnings of this process while it lives. */
export interface CollectedWarnings extends Disposable {
  /** Those of that code, after all that were emitted so far have arrived. */
  withCode(code: string): Promise<string[]>;
}

export function collectWarnings(): CollectedWarnings {
  const warnings: (Error & { code?: string })[] = [];
  const listener = (warning: Error): void => void warnings.push(warning);
  process.on('warning', listener);
  return {
    withCode: async (code) => {
      // A warning is emitted in the tick after its cause.
      await new Promise((resolve) => setImmediate(resolve));
      return warnings.filter((warning) => warning.code === code).map(({ message }) => message);
    },
    [Symbol.dispose]: () => void process.off('warning', listener),
  };
}
