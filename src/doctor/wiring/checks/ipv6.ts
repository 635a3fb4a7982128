/** Whether servers and their clients mean the same by localhost. */
import { readLoopback } from '../../../platform/machine-facts.ts';
import { lookUpLocalhost } from '../../localhost.ts';
import { ok, warning, type WiringCheck } from '../finding.ts';

const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.|fe80::1)/;

export const ipv6: WiringCheck = {
  name: 'ipv6',
  look: async () => {
    const loopback = readLoopback();
    const meant = await findLocalhost();
    if (meant.length === 0)
      return warning(
        'The name localhost has no address',
        'Give it one (127.0.0.1 localhost, in the hosts file), or use 127.0.0.1 in tests.',
      );
    const elsewhere = meant.find((address) => !LOOPBACK.test(address));
    if (elsewhere !== undefined)
      return warning(
        `The name localhost means ${elsewhere}, which is no address of this machine alone`,
        'Correct the hosts file: 127.0.0.1 localhost, and ::1 localhost.',
      );
    const missing = meant.find((address) => !loopback.includes(address) && !address.startsWith('127.'));
    if (missing !== undefined)
      return warning(
        `The name localhost means ${meant.join(' and ')}, but this machine has no ${missing}`,
        'Clients try it in vain: switch IPv6 on for the loopback interface, or take the line out of the hosts file.',
      );
    const addresses = `localhost is ${meant.join(' and ')}`;
    return loopback.includes('::1')
      ? ok(`There is IPv6, and ${addresses}`)
      : ok(`There is no IPv6: ports are held and checked for IPv4 only, and ${addresses}`);
  },
};

async function findLocalhost(): Promise<string[]> {
  try {
    return await lookUpLocalhost();
  } catch {
    return [];
  }
}
