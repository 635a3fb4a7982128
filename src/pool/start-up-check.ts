/** At the start of a run: does this machine keep what portslice promises? If not, the user is told, once. */
import type { PoolSession } from './pool-session.ts';
import { warnOnceInRun } from './warnings.ts';

const MAX_TRIED_PORTS = 8;

export function checkKernel(session: PoolSession): void {
  const { kernel, segment } = session;
  if (!kernel.hasIPv6()) {
    warnOnceInRun(
      segment,
      'PORTSLICE_NO_IPV6',
      'This kernel has no IPv6: ports are held and checked for IPv4 only.',
    );
  }
  for (let tried = 0; tried < MAX_TRIED_PORTS; tried++) {
    const problem = testOnePort(
      session,
      segment.ports[kernel.randomBytes(4).readUInt32LE() % segment.ports.length] as number,
    );
    if (problem === 'busy') continue;
    if (problem !== undefined)
      warnOnceInRun(segment, 'PORTSLICE_WEAK_HOLD', `Held ports are not guarded here: ${problem}.`);
    return;
  }
}

function testOnePort({ kernel }: PoolSession, port: number): string | undefined {
  const lock = kernel.takeLock(port);
  if (lock === undefined) return 'busy';
  try {
    const result = kernel.testHold(port);
    return result.outcome === 'weak' ? result.problem : result.outcome === 'busy' ? 'busy' : undefined;
  } finally {
    kernel.closeDescriptors([lock]);
  }
}
