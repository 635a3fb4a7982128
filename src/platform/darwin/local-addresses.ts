/** What this machine has, as `holdTargetFor` asks for it. */
import type { LocalAddresses } from '../hold-target.ts';
import { hasIPv6 } from './hold.ts';
import type { LibC } from './libc.ts';
import { resolveLocalHost } from './resolver.ts';

export function localAddresses(libc: LibC): LocalAddresses {
  return {
    hasIPv6: () => hasIPv6(libc),
    resolveLocalHost: (host) => resolveLocalHost(libc, host),
  };
}
