/** UDP's side of a port. */
import { DUAL_WILDCARD } from '../internet-address.ts';
import { type BindMode, bindOne } from './bound-addresses.ts';
import { SOCK_DGRAM } from './constants.ts';
import type { LibC } from './libc.ts';

/**
 * Without an option it conflicts with every UDP socket of the port: of either family, on any one address, also with those that
 * share it among themselves (SO_REUSEADDR, SO_REUSEPORT). So one bind sees what a bind of each address would.
 */
const ALONE: BindMode = { reuseAddress: false, socketType: SOCK_DGRAM };

export function udpIsFree(libc: LibC, port: number): boolean {
  const descriptor = bindOne(libc, port, DUAL_WILDCARD, ALONE);
  if (descriptor === undefined) return false;
  libc.close(descriptor);
  return true;
}
