import { meaningOf } from '../errno.ts';
/** The start-up test: does this kernel keep what the hold promises? Done once a run, on one port that is locked already. */
import type { HoldTestResult, InternetAddress } from '../port-kernel.ts';
import { closeAll, takeHold } from './hold.ts';
import type { LibC } from './libc.ts';
import { IPV4_WILDCARD, IPV6_WILDCARD } from './scratch.ts';
import { bindInternet, openInternetSocket, setReuseAddress } from './sockets.ts';

export function testHold(libc: LibC, port: number): HoldTestResult {
  const hold = takeHold(libc, port, { exactAddresses: undefined });
  if (hold === undefined) return { outcome: 'busy' };
  try {
    for (const address of [IPV4_WILDCARD, IPV6_WILDCARD]) {
      const problem = findProblem(libc, port, address);
      if (problem !== undefined) return { outcome: 'weak', problem };
    }
    return { outcome: 'works' };
  } finally {
    closeAll(libc, hold.descriptors);
  }
}

function findProblem(libc: LibC, port: number, address: InternetAddress): string | undefined {
  if (tryServer(libc, port, address, false) === 'listens') {
    return `a strict ${address.family} bind takes a held port, so listen(0) and other programs may be given a test's port`;
  }
  if (tryServer(libc, port, address, true) === 'refused') {
    return `a ${address.family} server with SO_REUSEADDR cannot listen on a held port`;
  }
  return undefined;
}

/** `absent`: the machine has no such addresses. */
function tryServer(
  libc: LibC,
  port: number,
  address: InternetAddress,
  reuse: boolean,
): 'listens' | 'refused' | 'absent' {
  const descriptor = openInternetSocket(libc, address);
  if (descriptor === undefined) return 'absent';
  try {
    if (reuse) setReuseAddress(libc, descriptor, true);
    const code = bindInternet(libc, descriptor, address, port);
    if (code !== 0) return meaningOf(code) === 'taken' ? 'refused' : 'absent';
    return libc.listen(descriptor, 1) === 0 ? 'listens' : 'refused';
  } finally {
    libc.close(descriptor);
  }
}
