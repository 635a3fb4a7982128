/** The tables of sockets in /proc/net. They do not have TCP sockets that are only bound. */
import { formatAddress } from '../../core/address-text.ts';
import { readText } from './proc.ts';

export const TCP_TABLES: readonly string[] = ['/proc/net/tcp', '/proc/net/tcp6'];
export const UDP_TABLES: readonly string[] = ['/proc/net/udp', '/proc/net/udp6'];

export interface InternetSocket {
  /** In hexadecimal, as in the table. */
  readonly address: string;
  readonly port: number;
  readonly peerAddress: string;
  /** 0: none. */
  readonly peerPort: number;
  /** One of TCPState, or another one. */
  readonly state: number;
  /** '0' of a socket that no process has any more. */
  readonly inode: string;
  readonly userId: number;
}

/** All sockets of both families; with IPv6 off there is no second table. @returns undefined if /proc cannot be read */
export function readSockets(paths: readonly string[]): InternetSocket[] | undefined {
  const tables = paths.map((path) => readText(path));
  if (tables.every((table) => table === undefined)) return undefined;
  return tables.flatMap((table) => table?.split('\n') ?? []).flatMap(parseSocket);
}

function parseSocket(line: string): InternetSocket[] {
  const [, local, remote, state, , , , userId, , inode] = line.trim().split(/\s+/);
  const [address, port] = local?.split(':') ?? [];
  const [peerAddress = '', peerPort = ''] = remote?.split(':') ?? [];
  if (state === undefined || inode === undefined || address === undefined || port === undefined) return [];
  return [
    {
      address,
      port: Number.parseInt(port, 16),
      peerAddress,
      peerPort: Number.parseInt(peerPort, 16),
      state: Number.parseInt(state, 16),
      inode,
      userId: Number(userId),
    },
  ];
}

/** The table has an address as words of 32 bits in the byte order of the machine, which is little-endian wherever we run. */
export function textOfAddress(hexadecimal: string): string {
  const words = hexadecimal.match(/.{8}/g) ?? [];
  return formatAddress(words.flatMap((word) => [...Buffer.from(word, 'hex')].toReversed()));
}
