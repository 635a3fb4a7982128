/** The addresses that servers listen on which are told none, or localhost, and how their clients reach them. */
import type { Bench } from './bench.ts';
import { BrokenPromise } from './check.ts';

export interface UsualAddress {
  readonly host: string;
  /** Where clients come to. */
  readonly clientHosts: readonly string[];
}

const LOOPBACK = { ipv4: '127.0.0.1', ipv6: '::1' } as const;
export const USUAL_ADDRESSES: readonly UsualAddress[] = [
  { host: '0.0.0.0', clientHosts: [LOOPBACK.ipv4] },
  // Node's server of '::' serves IPv4 too.
  { host: '::', clientHosts: [LOOPBACK.ipv6, LOOPBACK.ipv4] },
  { host: LOOPBACK.ipv4, clientHosts: [LOOPBACK.ipv4] },
  { host: LOOPBACK.ipv6, clientHosts: [LOOPBACK.ipv6] },
];

/** In the words of Linux, macOS and Windows. */
const NO_SUCH_ADDRESS = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EPROTONOSUPPORT']);

/** What of them this machine has: where a server without portslice can listen on a port that the system picks. */
export async function findUsualAddresses(bench: Bench): Promise<readonly UsualAddress[]> {
  const hosts: string[] = [];
  for (const { host } of USUAL_ADDRESSES) {
    const code = await bench.listen(0, host);
    if (code === undefined) hosts.push(host);
    else if (!NO_SUCH_ADDRESS.has(code))
      throw new BrokenPromise(
        `a server on ${host} and a port that the system picks`,
        code,
        'Without portslice it fails too: look for what forbids it.',
      );
  }
  await bench.stranger.call('close');
  return USUAL_ADDRESSES.filter(({ host }) => hosts.includes(host)).map(({ host, clientHosts }) => ({
    host,
    clientHosts: clientHosts.filter((client) => hosts.includes(client)),
  }));
}
