/** At the start of a run: does this machine keep what portslice promises? If not, the user is told, once. */
import type { PoolSession } from './pool-session.ts';
import { warnOnceInRun } from './warnings.ts';

export function checkKernel({ kernel, segment }: PoolSession): void {
  if (!kernel.hasIPv6()) {
    warnOnceInRun(
      segment,
      'PORTSLICE_NO_IPV6',
      'This kernel has no IPv6: ports are held and checked for IPv4 only.',
    );
  }
  const problem = kernel.findHoldProblem();
  if (problem === undefined) return;
  warnOnceInRun(segment, 'PORTSLICE_WEAK_HOLD', `Held ports are not guarded here: ${problem}.`);
}
