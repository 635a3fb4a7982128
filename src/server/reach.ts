/** Where clients reach a server, and which listening sockets they meet there. */
import type { LookupAddress } from 'node:dns';
import { isUnderLocalhost } from '../core/host-name.ts';
import { hostToConnect } from '../core/server-url.ts';
import type { ListeningSocket, SocketAddressFamily } from '../platform/port-kernel.ts';
import type { TCPPortOwner } from '../pool/api/tcp-port-owner.ts';

const LOOPBACK: readonly string[] = ['127.0.0.1', '::1'];

/** A port with the addresses that clients of its host connect to. */
export interface Reach {
  readonly port: number;
  readonly host: string;
  readonly addresses: readonly string[];
}

export async function findReach({ port, hosts, socketAddressFamily }: TCPPortOwner): Promise<Reach> {
  const host = hostToConnect(hosts);
  const found = (await addressesOf(host)).filter(isOf(socketAddressFamily));
  return { port, host, addresses: found.length > 0 ? found : LOOPBACK.filter(isOf(socketAddressFamily)) };
}

/** In the other family the port can be somebody else's. */
function isOf(family: SocketAddressFamily): (address: string) => boolean {
  return (address) => family === 'dual' || address.includes(':') === (family === 'ipv6');
}

async function addressesOf(host: string): Promise<readonly string[]> {
  if (isUnderLocalhost(host)) return LOOPBACK;
  const family = process.getBuiltinModule('node:net').isIP(host);
  if (family === 4) return [host];
  if (family === 6) return [canonical(host)];
  const found = await lookUp(host);
  // Also localhost: on some machines it is 127.0.0.1 alone, and some do not know it.
  if (found.length === 0) return LOOPBACK;
  return found.map((one) => (one.family === 6 ? canonical(one.address) : one.address));
}

/** @returns nothing for a localhost that the system does not know */
async function lookUp(host: string): Promise<readonly LookupAddress[]> {
  try {
    return await process.getBuiltinModule('node:dns').promises.lookup(host, { all: true });
  } catch (error) {
    if (host === 'localhost') return [];
    throw error;
  }
}

/** The shortest form, as URLs have it. A zone is no part of it. */
function canonical(address: string): string {
  return new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
}

/** The sockets that a client of that host can be connected to. */
export function socketsInReach(
  sockets: readonly ListeningSocket[],
  { port, addresses }: Reach,
): ListeningSocket[] {
  return sockets.filter((socket) => socket.port === port && isReached(socket.address, addresses));
}

function isReached(address: string, addresses: readonly string[]): boolean {
  if (address === '::' || addresses.includes(address)) return true;
  if (address === '0.0.0.0') return addresses.some((one) => !one.includes(':'));
  return address.startsWith('::ffff:') && addresses.some((one) => isMapped(address, one));
}

function isMapped(address: string, ipv4: string): boolean {
  return !ipv4.includes(':') && canonical(`::ffff:${ipv4}`) === address;
}
