/**
 * The text that names a pool, as PORTSLICE_POOL carries it:
 *
 *   portslice:1:memfd:<pid>:<fd>:<run id, 32 hexadecimal digits>
 */

export interface PoolHandle {
  readonly processId: number;
  readonly descriptor: number;
  /** 128 random bits in hexadecimal. */
  readonly runId: string;
}

const HANDLE = /^portslice:1:memfd:([1-9]\d{0,9}):(\d{1,9}):([0-9a-f]{32})$/;

export function formatPoolHandle(handle: PoolHandle): string {
  return `portslice:1:memfd:${handle.processId}:${handle.descriptor}:${handle.runId}`;
}

/** Undefined if the text is not a handle of this version. */
export function parsePoolHandle(text: string): PoolHandle | undefined {
  const [, processId, descriptor, runId] = HANDLE.exec(text) ?? [];
  if (processId === undefined || descriptor === undefined || runId === undefined) return undefined;
  return { processId: Number(processId), descriptor: Number(descriptor), runId };
}
