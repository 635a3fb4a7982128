/** Binds sockets one by one, all of them or none: what is the same on every operating system. */
import { formatAddress } from '../core/address-text.ts';
import { HostError } from '../errors/index.ts';
import type { InternetAddress } from './port-kernel.ts';

/**
 * @param bind gives the descriptor, or undefined, upon which those that are bound already are closed; they are, too, if it throws
 */
export function bindEach(
  addresses: readonly InternetAddress[],
  bind: (address: InternetAddress) => number | 'no such address' | undefined,
  close: (descriptor: number) => void,
): number[] | undefined {
  const bound: number[] = [];
  let complete = false;
  try {
    for (const address of addresses) {
      const descriptor = bind(address);
      if (descriptor === undefined) return undefined;
      if (descriptor !== 'no such address') bound.push(descriptor);
    }
    complete = true;
    return bound;
  } finally {
    if (!complete) for (const descriptor of bound) close(descriptor);
  }
}

/** For an address that was there when the host was resolved. */
export function addressIsGone(address: InternetAddress): HostError {
  return new HostError({
    host: formatAddress(address.bytes),
    problem: 'is not an address of this machine any more',
    fix: 'Check the network interface, or change hosts',
  });
}
