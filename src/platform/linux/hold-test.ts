/** The start-up test: does this kernel keep what the hold promises? Done once a run, on a port that the kernel picks. */
import { meaningOf } from '../errno.ts';
import { IPV4_LOOPBACK, IPV4_WILDCARD, IPV6_LOOPBACK, IPV6_WILDCARD } from '../internet-address.ts';
import type { InternetAddress } from '../port-kernel.ts';
import { closeAll } from './bound-addresses.ts';
import { takeHold } from './hold.ts';
import { optionsWorkAfterBind } from './late-options.ts';
import type { LibC } from './libc.ts';
import { bindInternet, boundPort, openInternetSocket, setReuseAddress } from './sockets.ts';

const PICKED_BY_KERNEL = 0;
/** Of Linux, 6.1 and 6.2 had at first let a strict bind of a loopback address pass, and none of a wildcard. */
const STRANGERS = [IPV4_WILDCARD, IPV6_WILDCARD, IPV4_LOOPBACK, IPV6_LOOPBACK];
const SERVERS = [IPV4_WILDCARD, IPV6_WILDCARD];

const OPTIONS_ARE_FIXED =
  'this kernel goes by the options that a socket had at its bind, ' +
  "so a program that is between its bind and its listen() may have a test's port";

/** @returns what is wrong, or undefined */
export function findHoldProblem(libc: LibC): string | undefined {
  // Before the hold, which would be tried on its port: this one has none yet.
  const optionsWork = optionsWorkAfterBind(libc);
  const hold = takeHold(libc, PICKED_BY_KERNEL);
  const [descriptor] = hold?.descriptors ?? [];
  if (hold === undefined || descriptor === undefined) return 'the kernel has no free port to test it on';
  try {
    return findProblem(libc, boundPort(libc, descriptor)) ?? (optionsWork ? undefined : OPTIONS_ARE_FIXED);
  } finally {
    closeAll(libc, hold.descriptors);
  }
}

function findProblem(libc: LibC, port: number): string | undefined {
  const intruder = STRANGERS.find((address) => tryServer(libc, port, address, 'strict') === 'accepted');
  if (intruder !== undefined) {
    return `a strict ${intruder.family} bind takes a held port, so listen(0) and other programs may be given a test's port`;
  }
  const refused = SERVERS.find((address) => tryServer(libc, port, address, 'shared') === 'refused');
  if (refused !== undefined)
    return `a ${refused.family} server with SO_REUSEADDR cannot listen on a held port`;
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
