/** Binds a port on some addresses, or on every address: all of them or none. */
import { addressIsGone, bindEach } from '../bind-each.ts';
import { errorFor, meaningOf } from '../errno.ts';
import { DUAL_WILDCARD, IPV4_WILDCARD } from '../internet-address.ts';
import type { BoundAddresses, InternetAddress } from '../port-kernel.ts';
import type { LibC } from './libc.ts';
import { bindInternet, openInternetSocket, setReuseAddress } from './sockets.ts';

/** How a socket takes part in a port. */
export interface BindMode {
  /** Whether the bind passes over what also has the option and does not listen: holds, and what earlier servers have left. */
  readonly reuseAddress: boolean;
  /** Default: a stream, TCP. */
  readonly socketType?: number;
  /** Done with each descriptor once it is bound. */
  readonly afterBind?: (libc: LibC, descriptor: number) => void;
}

/** Alone on the port; even a TIME_WAIT is in its way. */
export const STRICT: BindMode = { reuseAddress: false };

const EVERY_ADDRESS = [DUAL_WILDCARD];

export function closeAll(libc: LibC, descriptors: readonly number[]): void {
  for (const descriptor of descriptors) libc.close(descriptor);
}

/** @returns undefined if the port is taken on one of the addresses */
export function bindAll(
  libc: LibC,
  port: number,
  addresses: BoundAddresses,
  mode: BindMode,
): number[] | undefined {
  return bindEach(
    addresses === 'everywhere' ? EVERY_ADDRESS : addresses,
    (address) => bindOne(libc, port, address, mode),
    libc.close,
  );
}

export function bindOne(
  libc: LibC,
  port: number,
  address: InternetAddress,
  mode: BindMode,
): number | undefined {
  const descriptor = openInternetSocket(libc, address, mode.socketType);
  // Without IPv6 in the kernel, every address is every IPv4 address.
  if (descriptor === undefined) return address.dual ? bindOne(libc, port, IPV4_WILDCARD, mode) : undefined;
  let bound = false;
  try {
    if (mode.reuseAddress) setReuseAddress(libc, descriptor, true);
    const code = bindInternet(libc, descriptor, address, port);
    if (code !== 0 && meaningOf(code) !== 'taken') throw bindError(code, port, address);
    if (code !== 0) return undefined;
    mode.afterBind?.(libc, descriptor);
    bound = true;
    return descriptor;
  } finally {
    if (!bound) libc.close(descriptor);
  }
}

export function bindError(code: number, port: number, address: InternetAddress): Error {
  if (meaningOf(code) === 'address-not-local') return addressIsGone(address);
  const denied =
    'Ports below net.ipv4.ip_unprivileged_port_start need privileges, and a sandbox can forbid others: ' +
    'take the port out of the spec, or exclude it with PORTSLICE_EXCLUDED_PORTS';
  return errorFor('bind', code, { port, denied });
}
