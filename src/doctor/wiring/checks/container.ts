/** Among whom ports are unique here. */
import { describeContainer } from '../../../platform/machine-facts.ts';
import { findNetworkPlace } from '../../../platform/network-place.ts';
import { ok, warning, type WiringCheck } from '../finding.ts';

export const container: WiringCheck = {
  name: 'container',
  look: () => {
    const hints = describeContainer();
    const place = findNetworkPlace();
    if (hints !== undefined && /gvisor/i.test(hints) && place !== 'own')
      return warning(
        `This is a sandbox (${hints}): with the network of its machine, its lock is not seen outside of it`,
        'Give it a network of its own, or give runs inside and outside different ports (PORTSLICE_PORTS).',
      );
    const what =
      hints === undefined
        ? 'There is no sign of a container'
        : `This is a container, or a system inside of another: ${hints}`;
    if (place === undefined) return ok(what);
    return place === 'own'
      ? ok(`${what}; the network is its own, and ports are unique in it`)
      : ok(`${what}; the network is that of the machine, and ports are unique on it`);
  },
};
