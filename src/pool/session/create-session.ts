/** Makes a pool: plans it, writes its segment into shared memory, and lets others find it. */
import { formatPoolHandle } from '../../core/pool-handle.ts';
import type { PortList } from '../../core/port-list.ts';
import { countsOf, writeSegment } from '../../core/segment-format.ts';
import { segmentOffsets } from '../../core/segment-layout.ts';
import { Segment } from '../../core/segment.ts';
import { planPool, type PoolPlan, sliceCountFor } from '../../core/slices.ts';
import { monotonicMs, monotonicStartEpochMs } from '../../platform/clock.ts';
import { platform } from '../../platform/platform.ts';
import type { CreatedMemory, PortKernel } from '../../platform/port-kernel.ts';
import { since, trace } from '../../platform/trace.ts';
import { describePool } from './describe-pool.ts';
import { rememberSession } from './open-sessions.ts';
import { PoolSession } from './pool-session.ts';
import { checkKernel, checkKernelSoon } from './start-up-check.ts';

export interface PoolOptions {
  readonly findPorts: () => PortList;
  readonly workers: number;
  readonly restMs: number;
  /** Of one process, not of a run. */
  readonly isPrivate: boolean;
}

export function createSession(options: PoolOptions): PoolSession {
  const startMs = monotonicMs();
  // Before the ports: of a system that has none to give, the ephemeral range can be unknown too.
  const kernel = platform.openKernel();
  const ports = options.findPorts();
  const rotation = kernel.randomBytes(4).readUInt32LE() / 2 ** 32;
  const plan = planPool(ports, sliceCountFor(options.workers), rotation);
  const memory = kernel.createMemory(segmentOffsets(countsOf(plan)).byteLength);
  try {
    const session = fillMemory(memory, kernel, plan, options.restMs);
    if (options.isPrivate) checkKernelSoon(session);
    else checkKernel(session);
    trace().pool?.(describeCreated(session, options, startMs));
    return rememberSession(session);
  } catch (error) {
    memory.close();
    throw error;
  }
}

function fillMemory(memory: CreatedMemory, kernel: PortKernel, plan: PoolPlan, restMs: number): PoolSession {
  const runId = kernel.randomBytes(16).toString('hex');
  const startMonotonicMs = monotonicMs();
  const facts = {
    runId,
    creatorProcessId: process.pid,
    networkNamespace: kernel.networkNamespace(),
    restMs,
    startMonotonicMs,
    startEpochMs: Math.round(monotonicStartEpochMs() + startMonotonicMs),
  };
  writeSegment(memory.buffer, facts, plan);
  memory.announce();
  return new PoolSession({
    handle: formatPoolHandle({ locator: memory.locator, runId }),
    segment: new Segment(memory.buffer),
    kernel,
    endPool: () => memory.close(),
  });
}

function describeCreated(session: PoolSession, { workers, isPrivate }: PoolOptions, startMs: number): string {
  const whose = isPrivate
    ? 'for this thread alone'
    : `for ${workers} ${workers === 1 ? 'worker' : 'workers'}`;
  return `created in ${since(startMs)} ${whose}: ${describePool(session)}`;
}
