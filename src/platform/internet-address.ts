/** Addresses that every operating system binds. */
import type { InternetAddress } from './port-kernel.ts';

export const DUAL_WILDCARD: InternetAddress = { ...ipv6Address([]), dual: true };
export const IPV4_WILDCARD: InternetAddress = ipv4Address(0, 0, 0, 0);
export const IPV6_WILDCARD: InternetAddress = ipv6Address([]);
export const IPV4_LOOPBACK: InternetAddress = ipv4Address(127, 0, 0, 1);
export const IPV6_LOOPBACK: InternetAddress = ipv6Address([], [1]);

export function ipv4Address(...bytes: [number, number, number, number]): InternetAddress {
  return { family: 'ipv4', bytes: Uint8Array.from(bytes), scopeId: 0, dual: false };
}

/** The bytes between the first and the last ones are 0. */
export function ipv6Address(first: readonly number[], last: readonly number[] = []): InternetAddress {
  const bytes = new Uint8Array(16);
  bytes.set(first);
  bytes.set(last, 16 - last.length);
  return { family: 'ipv6', bytes, scopeId: 0, dual: false };
}
