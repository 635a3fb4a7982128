/** The start-up test: does this kernel keep what the hold promises? Done once a run, on a port that the kernel picks. */
import { meaningOf } from '../errno.ts';
import type { InternetAddress } from '../port-kernel.ts';
import { closeAll, takeHold } from './hold.ts';
import type { LibC } from './libc.ts';
import { IPV4_WILDCARD, IPV6_WILDCARD } from './scratch.ts';
import { bindInternet, boundPort, openInternetSocket, setReuseAddress } from './sockets.ts';

const PICKED_BY_KERNEL = 0;

/** @returns what is wrong, or undefined */
export function findHoldProblem(libc: LibC): string | undefined {
  const hold = takeHold(libc, PICKED_BY_KERNEL, { exactAddresses: undefined });
  const [descriptor] = hold?.descriptors ?? [];
  if (hold === undefined || descriptor === undefined) return 'the kernel has no free port to test it on';
  try {
    const port = boundPort(libc, descriptor);
    return findProblem(libc, port, IPV4_WILDCARD) ?? findProblem(libc, port, IPV6_WILDCARD);
  } finally {
    closeAll(libc, hold.descriptors);
  }
}

function findProblem(libc: LibC, port: number, address: InternetAddress): string | undefined {
  if (tryServer(libc, port, address, 'strict') === 'accepted') {
    return `a strict ${address.family} bind takes a held port, so listen(0) and other programs may be given a test's port`;
  }
  if (tryServer(libc, port, address, 'shared') === 'refused') {
    return `a ${address.family} server with SO_REUSEADDR cannot listen on a held port`;
  }
  return undefined;
}

/** Without the option a bind alone is too much, with it the server must get as far as listening. */
function tryServer(
  libc: LibC,
  port: number,
  address: InternetAddress,
  mode: 'strict' | 'shared',
): 'accepted' | 'refused' | 'no such addresses' {
  const descriptor = openInternetSocket(libc, address);
  if (descriptor === undefined) return 'no such addresses';
  try {
    if (mode === 'shared') setReuseAddress(libc, descriptor, true);
    const code = bindInternet(libc, descriptor, address, port);
    if (code !== 0) return meaningOf(code) === 'taken' ? 'refused' : 'no such addresses';
    return mode === 'strict' || libc.listen(descriptor, 1) === 0 ? 'accepted' : 'refused';
  } finally {
    libc.close(descriptor);
  }
}
