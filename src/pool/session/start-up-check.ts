/** At the start of a run: does this machine keep what portslice promises? If not, the user is told, once. */
import { startImmediate } from '../../platform/clock.ts';
import type { PoolSession } from './pool-session.ts';
import { warnOnceInRun } from './warnings.ts';

/** For a process that has no run to start: its first port need not wait for the answer. */
export function checkKernelSoon(session: PoolSession): void {
  let isDone = false;
  const check = (): void => {
    if (isDone) return;
    isDone = true;
    process.off('exit', check);
    try {
      if (!session.isClosed) checkKernel(session);
    } catch (error) {
      warnOnceInRun(
        session.segment,
        'PORTSLICE_WEAK_HOLD',
        `Whether held ports are guarded here could not be tested: ${(error as Error).message} ` +
          'Ports stay unique among tests all the same; npx portslice doctor tests it again.',
      );
    }
  };
  // A script can exit before its event loop turns.
  process.once('exit', check);
  startImmediate(check);
}

export function checkKernel({ kernel, segment }: PoolSession): void {
  if (!kernel.hasIPv6()) {
    warnOnceInRun(
      segment,
      'PORTSLICE_NO_IPV6',
      'This kernel has no IPv6: ports are held and checked for IPv4 only. ' +
        'If your servers use IPv4, there is nothing to do; else start the kernel with IPv6.',
    );
  }
  const problem = kernel.findHoldProblem();
  if (problem !== undefined)
    warnOnceInRun(
      segment,
      'PORTSLICE_WEAK_HOLD',
      `Held ports are not guarded here: ${problem}. Ports stay unique among tests all the same. ` +
        'Use another kernel if you can, and pass hold: false for servers that cannot listen.',
    );
  const lockProblem = kernel.findLockProblem();
  if (lockProblem !== undefined)
    warnOnceInRun(
      segment,
      'PORTSLICE_LOCK_IN_THE_WAY',
      `Locked ports refuse some servers here: ${lockProblem}, or let such servers listen on 127.0.0.1.`,
    );
}
