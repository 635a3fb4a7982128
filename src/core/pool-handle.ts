/**
 * The text that names a pool, as PORTSLICE_POOL carries it:
 *
 *   portslice:1:<locator>:<run id, 32 hexadecimal digits>
 *
 * The locator tells where the shared memory is. Only the platform that wrote it reads it.
 */

export interface PoolHandle {
  /** Such as `memfd:4711:23`: one line of printable ASCII. */
  readonly locator: string;
  /** 128 random bits in hexadecimal. */
  readonly runId: string;
}

const HANDLE = /^portslice:1:([!-~]{1,200}):([0-9a-f]{32})$/;

export function formatPoolHandle({ locator, runId }: PoolHandle): string {
  return `portslice:1:${locator}:${runId}`;
}

/** Undefined if the text is not a handle of this version. */
export function parsePoolHandle(text: string): PoolHandle | undefined {
  const [, locator, runId] = HANDLE.exec(text) ?? [];
  return locator === undefined || runId === undefined ? undefined : { locator, runId };
}
