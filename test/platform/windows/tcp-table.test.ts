/**
 * The bytes are those of the structures that Microsoft documents, MIB_TCPTABLE_OWNER_PID and MIB_TCP6TABLE_OWNER_PID, written down
 * field by field: under Wine the real ones have no process.
 */
import { describe, expect, test } from 'vitest';
import { IPV4_LOOPBACK, IPV6_LOOPBACK, IPV6_WILDCARD } from '../../../src/platform/internet-address.ts';
import {
  describeSocket,
  overlaps,
  parseTCPTable,
  parseUDPTable,
  type TCPSocket,
} from '../../../src/platform/windows/tcp-table.ts';

const bytes = (text: string): Buffer => Buffer.from(text.replaceAll(/[^0-9a-f]/g, ''), 'hex');

const IPV4_TABLE = bytes(`
  03000000
  02000000 00000000 4e9b0000 00000000 00000000 e8030000
  05000000 7f000001 4e9b0000 7f000001 c4210000 e8030000
  0b000000 7f000002 c4220000 7f000001 4e9b0000 00000000
  cccccccc`);
const IPV6_TABLE = bytes(`
  02000000
  00000000000000000000000000000000 00000000 4e9b0000 00000000000000000000000000000000 00000000 00000000 02000000 e8030000
  fe800000000000000000000000000001 0c000000 4e9c0000 00000000000000000000000000000000 00000000 00000000 02000000 a0860100`);

test('A table of IPv4 gives address, port, state and process of each row, and nothing of the bytes behind them', () => {
  expect(parseTCPTable(IPV4_TABLE, 'ipv4')).toEqual([
    {
      family: 'ipv4',
      address: Uint8Array.of(0, 0, 0, 0),
      port: 20_123,
      peerAddress: Uint8Array.of(0, 0, 0, 0),
      peerPort: 0,
      state: 'listening',
      processId: 1000,
    },
    {
      family: 'ipv4',
      address: Uint8Array.of(127, 0, 0, 1),
      port: 20_123,
      peerAddress: Uint8Array.of(127, 0, 0, 1),
      peerPort: 50_209,
      state: 'connected',
      processId: 1000,
    },
    {
      family: 'ipv4',
      address: Uint8Array.of(127, 0, 0, 2),
      port: 50_210,
      peerAddress: Uint8Array.of(127, 0, 0, 1),
      peerPort: 20_123,
      state: 'time-wait',
      processId: undefined,
    },
  ]);
});

test('A table of IPv6 has other rows', () => {
  const sockets = parseTCPTable(IPV6_TABLE, 'ipv6');
  expect(sockets.map(describeSocket)).toEqual(['[::]:20123', '[fe80::1]:20124']);
  expect(sockets.map(({ state, processId }) => [state, processId])).toEqual([
    ['listening', 1000],
    ['listening', 100_000],
  ]);
});

test('Tables of UDP have address, port and process', () => {
  const ipv4 = bytes('01000000 7f000001 4e9b0000 e8030000');
  const ipv6 = bytes(
    '02000000 00000000000000000000000000000000 00000000 4e9b0000 e8030000' +
      '00000000000000000000000000000001 00000000 4e9c0000 00000000',
  );
  expect(parseUDPTable(ipv4, 'ipv4')).toEqual([
    { family: 'ipv4', address: Uint8Array.of(127, 0, 0, 1), port: 20_123, processId: 1000 },
  ]);
  expect(parseUDPTable(ipv6, 'ipv6').map(({ port, processId }) => [port, processId])).toEqual([
    [20_123, 1000],
    [20_124, undefined],
  ]);
});

test.each([
  [1, 'bound'],
  [3, 'connecting'],
  [4, 'connecting'],
  [5, 'connected'],
  [8, 'closing'],
  [12, 'closing'],
])('The state %i of a connection is called %s', (state, name) => {
  const row = bytes('01000000 00000000 7f000001 4e9b0000 7f000001 c4210000 e8030000');
  row.writeUInt32LE(state, 4);
  expect(parseTCPTable(row, 'ipv4')[0]?.state).toBe(name);
});

test('A count of more rows than there are bytes is not believed', () => {
  expect(parseTCPTable(IPV4_TABLE.subarray(0, 40), 'ipv4')).toHaveLength(1);
  expect(parseTCPTable(bytes('ffffffff'), 'ipv6')).toEqual([]);
  expect(parseTCPTable(bytes('00000000'), 'ipv4')).toEqual([]);
});

test('A socket is named as in a URL', () => {
  expect(parseTCPTable(IPV4_TABLE, 'ipv4').map(describeSocket)).toEqual([
    '0.0.0.0:20123',
    '127.0.0.1:20123',
    '127.0.0.2:50210',
  ]);
});

describe('a socket that listens', () => {
  const [onAllIPv4, on127001, on127002] = parseTCPTable(IPV4_TABLE, 'ipv4') as [
    TCPSocket,
    TCPSocket,
    TCPSocket,
  ];
  const [onAll, onLinkLocal] = parseTCPTable(IPV6_TABLE, 'ipv6') as [TCPSocket, TCPSocket];

  test('on any address is in the way of a test that needs every one', () => {
    for (const socket of [onAllIPv4, on127001, on127002, onAll, onLinkLocal])
      expect(overlaps(socket, 'everywhere')).toBe(true);
  });

  test('on every address is in the way of one address of its family', () => {
    expect(overlaps(onAllIPv4, [IPV4_LOOPBACK])).toBe(true);
    expect(overlaps(onAllIPv4, [IPV6_LOOPBACK])).toBe(false);
    expect(overlaps(onAll, [IPV6_LOOPBACK])).toBe(true);
  });

  test('on :: may serve IPv4, too', () => {
    expect(overlaps(onAll, [IPV4_LOOPBACK])).toBe(true);
    expect(overlaps(onLinkLocal, [IPV4_LOOPBACK])).toBe(false);
  });

  test('on one address is in the way of this one and of every address', () => {
    expect(overlaps(on127001, [IPV4_LOOPBACK])).toBe(true);
    expect(overlaps(on127002, [IPV4_LOOPBACK])).toBe(false);
    expect(overlaps(onLinkLocal, [IPV6_LOOPBACK])).toBe(false);
    expect(overlaps(onLinkLocal, [IPV6_LOOPBACK, IPV6_WILDCARD])).toBe(true);
  });
});
