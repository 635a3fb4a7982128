/** Opens the pool of another process, or of another thread of this one. Verifies everything and writes nothing. */
import { parsePoolHandle, type PoolHandle } from '../../core/pool-handle.ts';
import { copyTables, findSegmentProblem } from '../../core/segment-format.ts';
import { Segment } from '../../core/segment.ts';
import { PoolDamagedError, PoolForeignError, PoolHandleError, PoolStaleError } from '../../errors/index.ts';
import { monotonicMs } from '../../platform/clock.ts';
import { platform } from '../../platform/platform.ts';
import type { PortKernel } from '../../platform/port-kernel.ts';
import { since, trace } from '../../platform/trace.ts';
import { describePool } from './describe-pool.ts';
import { findSession, rememberSession } from './open-sessions.ts';
import { PoolSession } from './pool-session.ts';

/**
 * The session of this thread for that pool, mapped on first use.
 * @throws PoolHandleError, PoolStaleError, PoolForeignError, PoolDamagedError
 */
export function attachSession(handle: string): PoolSession {
  const known = findSession(handle);
  if (known !== undefined) return known;
  const startMs = monotonicMs();
  const parsed = parsePoolHandle(handle);
  if (parsed === undefined)
    throw new PoolHandleError({ handle, problem: 'it is not a handle of this version of portslice' });
  const kernel = platform.openKernel();
  const segment = attachSegment(kernel, handle, parsed);
  const session = rememberSession(new PoolSession({ handle, segment, kernel, endPool: undefined }));
  trace().pool?.(`attached in ${since(startMs)}: ${describePool(session)}`);
  return session;
}

function attachSegment(kernel: PortKernel, handle: string, { locator, runId }: PoolHandle): Segment {
  const { buffer } = kernel.attachMemory(locator, handle);
  // SYNC: others may write at any time, so that only this copy is checked and used.
  const tables = copyTables(buffer);
  const problem = findSegmentProblem(buffer, tables);
  if (problem !== undefined) throw new PoolDamagedError({ handle, problem });
  const segment = new Segment(buffer, tables);
  if (segment.runId !== runId) {
    throw new PoolStaleError({ handle, problem: `its place is taken by the pool of run ${segment.runId}` });
  }
  const here = kernel.networkNamespace();
  if (segment.networkNamespace !== here) {
    throw new PoolForeignError({
      handle,
      problem: `it is of network namespace ${segment.networkNamespace}, this process is in ${here}`,
    });
  }
  return segment;
}
