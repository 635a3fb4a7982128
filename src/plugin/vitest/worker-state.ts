/** What Vitest's worker knows of itself; Vitest gives it to fixtures of a file or worker in no other way. */

interface WorkerState {
  /** Of the test file. */
  readonly filepath?: string;
  readonly config?: { readonly testTimeout?: number };
}

function workerState(): WorkerState {
  return (globalThis as { __vitest_worker__?: WorkerState }).__vitest_worker__ ?? {};
}

/** The test file, relative to the working directory. */
export function currentFile(): string {
  const { filepath } = workerState();
  return filepath === undefined
    ? 'an unknown file'
    : process.getBuiltinModule('node:path').relative(process.cwd(), filepath);
}

/** In milliseconds; 0: none. */
export function defaultTestTimeoutMs(): number {
  return workerState().config?.testTimeout ?? 0;
}
