/** The bytes that macOS answers with, put together after its headers: there is no recording of a real machine. */
import { describe, expect, test } from 'vitest';
import {
  identifyFile,
  parseDescriptors,
  parseFile,
  parseSocket,
} from '../../../src/platform/darwin/descriptors.ts';
import { parseArguments } from '../../../src/platform/darwin/process-arguments.ts';
import { parseSocketTable as parseTable } from '../../../src/platform/darwin/socket-table.ts';
import {
  describeLeader,
  describeMember,
  describeStarting,
  parseOrder,
} from '../../../src/platform/darwin/watchdog-orders.ts';

const parseTCP = (bytes: Buffer): ReturnType<typeof parseTable> => parseTable(bytes, 'tcp');
const LENGTHS = { block: 104, socket: 104, buffer: 32, statistics: 136, connection: 208 };

/** An item of the table: its length, its kind, and fields at their offsets. */
function item(
  byteLength: number,
  kind: number,
  fields: Readonly<Record<number, readonly number[]>> = {},
): Buffer {
  const bytes = Buffer.alloc(Math.ceil(byteLength / 8) * 8);
  bytes.writeUInt32LE(byteLength, 0);
  bytes.writeUInt32LE(kind, 4);
  for (const [at, value] of Object.entries(fields)) bytes.set(value, Number(at));
  return bytes;
}

interface Entry {
  readonly flags: number;
  readonly address: readonly number[];
  readonly state: number;
  readonly port?: readonly number[];
  readonly peerAddress?: readonly number[];
  readonly peerPort?: readonly number[];
}

const USER = [0xf5, 1, 0, 0];
const PROCESS = [0x39, 0x30, 0, 0];
/** As a hash of a kernel address. */
const HANDLE = [0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0xf1];
const HANDLE_TEXT = 'f123456789abcdef';

function entry({
  flags,
  address,
  state,
  port = [0x4e, 0x9b],
  peerAddress = [],
  peerPort = [],
}: Entry): Buffer {
  return Buffer.concat([
    item(LENGTHS.block, 0x10, { 16: peerPort, 18: port, 44: [flags], 48: peerAddress, 64: address }),
    item(LENGTHS.socket, 0x1, { 8: HANDLE, 64: USER, 68: PROCESS }),
    item(LENGTHS.buffer, 0x2),
    item(LENGTHS.buffer, 0x4),
    item(LENGTHS.statistics, 0x8),
    item(LENGTHS.connection, 0x20, { 36: [state] }),
  ]);
}

function table(...entries: readonly Buffer[]): Buffer {
  const end = Buffer.alloc(24);
  end.writeUInt32LE(24, 0);
  return Buffer.concat([end, ...entries, end]);
}

const ipv4 = (...bytes: number[]): number[] => [...Array<number>(12).fill(0), ...bytes];
const ipv6 = (...last: number[]): number[] => [...Array<number>(16 - last.length).fill(0), ...last];
const noIPv4 = new Uint8Array(4);
const alone = { peerAddress: new Uint8Array(16), peerPort: 0 };
const common = { handle: HANDLE_TEXT, port: 20_123, userId: 501, processId: 12_345 };

const withoutConnection = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length - LENGTHS.connection);

describe('the table of sockets', () => {
  test('has address, port, state, user and process of each', () => {
    const bytes = table(
      entry({ flags: 1, address: ipv4(127, 0, 0, 1), state: 1 }),
      entry({ flags: 2, address: ipv6(1), state: 10, peerAddress: ipv6(7), peerPort: [0xc4, 0x21] }),
      entry({ flags: 3, address: ipv6(), state: 0 }),
    );
    expect(parseTCP(bytes)).toEqual([
      { ...common, ...alone, address: Uint8Array.of(127, 0, 0, 1), peerAddress: noIPv4, state: 'listening' },
      {
        ...common,
        address: Uint8Array.from(ipv6(1)),
        peerAddress: Uint8Array.from(ipv6(7)),
        peerPort: 50_209,
        state: 'time-wait',
      },
      { ...common, ...alone, address: new Uint8Array(16), state: 'bound' },
    ]);
  });

  test.each([
    [2, 'connecting'],
    [3, 'connecting'],
    [4, 'connected'],
    [5, 'closing'],
    [9, 'closing'],
  ])('names the state %i of a connection: %s', (state, name) => {
    expect(parseTCP(table(entry({ flags: 1, address: ipv4(), state })))[0]?.state).toBe(name);
  });

  test('of UDP has no connections, but sockets that talk to one address only', () => {
    const bytes = table(
      withoutConnection(entry({ flags: 1, address: ipv4(127, 0, 0, 1), state: 0 })),
      withoutConnection(entry({ flags: 1, address: ipv4(127, 0, 0, 1), state: 0, peerPort: [0xc4, 0x21] })),
    );
    expect(parseTable(bytes, 'udp').map(({ state, peerPort }) => [state, peerPort])).toEqual([
      ['bound', 0],
      ['connected', 50_209],
    ]);
  });

  test('names the process for which a socket is used where nobody has used it himself', () => {
    const other = entry({ flags: 1, address: ipv4(0, 0, 0, 0), state: 1 });
    other.writeInt32LE(0, LENGTHS.block + 68);
    other.writeInt32LE(77, LENGTHS.block + 72);
    expect(parseTCP(table(other))[0]?.processId).toBe(77);
  });

  test('may have items of unknown kinds and lengths between the known ones', () => {
    const known = entry({ flags: 1, address: ipv4(127, 0, 0, 1), state: 1 });
    const unknown = item(37, 0x4000);
    const bytes = table(unknown, known, unknown, known);
    expect(parseTCP(bytes)).toHaveLength(2);
  });

  test('leaves out a socket without its connection, and what is cut off', () => {
    const whole = entry({ flags: 1, address: ipv4(127, 0, 0, 1), state: 1 });
    expect(parseTCP(table(withoutConnection(whole), whole))).toHaveLength(1);
    expect(parseTCP(table(whole).subarray(0, 24 + whole.length - 1))).toEqual([]);
    const short = item(40, 0x10);
    expect(parseTCP(table(short, whole.subarray(LENGTHS.block)))).toEqual([]);
  });

  test('can be empty, or no table at all', () => {
    expect(parseTCP(table())).toEqual([]);
    expect(parseTCP(Buffer.alloc(0))).toEqual([]);
    expect(parseTCP(Buffer.alloc(4096))).toEqual([]);
  });
});

function argumentBytes(count: number, text: string): Buffer {
  const head = Buffer.alloc(4);
  head.writeInt32LE(count, 0);
  return Buffer.concat([head, Buffer.from(text)]);
}

describe('the arguments of a process', () => {
  test('come after its path and zeros, and before its environment', () => {
    const text = '/usr/local/bin/node\0\0\0\0node\0server.js\0--port=1\0HOME=/Users/x\0';
    expect(parseArguments(argumentBytes(3, text))).toEqual(['node', 'server.js', '--port=1']);
  });

  test('can be empty texts', () => {
    expect(parseArguments(argumentBytes(3, '/bin/x\0\0x\0\0y\0'))).toEqual(['x', '', 'y']);
  });

  test('are none where the bytes are something else', () => {
    expect(parseArguments(Buffer.alloc(0))).toBeUndefined();
    expect(parseArguments(argumentBytes(2, 'no end'))).toBeUndefined();
    expect(parseArguments(argumentBytes(4, '/bin/x\0x\0y\0'))).toBeUndefined();
    expect(parseArguments(argumentBytes(0, '/bin/x\0'))).toEqual([]);
  });
});

function bytesOf(byteLength: number, fields: Readonly<Record<number, readonly number[]>>): Buffer {
  const bytes = Buffer.alloc(byteLength);
  for (const [at, value] of Object.entries(fields)) bytes.set(value, Number(at));
  return bytes;
}

describe('the descriptors of a process', () => {
  const entries = Buffer.concat([
    bytesOf(8, { 0: [0], 4: [1] }),
    bytesOf(8, { 0: [17], 4: [2] }),
    bytesOf(8, { 0: [0, 1], 4: [2] }),
    bytesOf(8, { 0: [9], 4: [6] }),
  ]);

  test('are those of a type', () => {
    expect(parseDescriptors(entries, 2)).toEqual([17, 256]);
    expect(parseDescriptors(entries, 1)).toEqual([0]);
    expect(parseDescriptors(entries, 5)).toEqual([]);
  });

  test('can be none, or cut off', () => {
    expect(parseDescriptors(Buffer.alloc(0), 2)).toEqual([]);
    expect(parseDescriptors(entries.subarray(0, 15), 2)).toEqual([]);
  });
});

test('A socket among the descriptors has the name that it has in the table, and its queue without what is not made yet', () => {
  const socket = bytesOf(792, { 160: HANDLE, 194: [5, 0], 196: [2, 0] });
  expect(parseSocket(socket)).toEqual({ handle: HANDLE_TEXT, waiting: 3 });
});

test('A file among the descriptors is named by its device and number', () => {
  const file = bytesOf(176, { 24: [4, 0, 0, 1], 32: [0xff, 0xff, 0xff, 0xff, 1] });
  expect(parseFile(file)).toBe('16777220:8589934591');
  expect(identifyFile(0)).toMatch(/^\d+:\d+$/);
});

describe('An order for the watchdog', () => {
  test.each([
    ['+123', { kind: 'open', mark: '123' }],
    ['-123', { kind: 'close', mark: '123' }],
    [`+123:${describeLeader(77, 1001)}`, { kind: 'leader', mark: '123', processId: 77, start: 1001 }],
    [
      `+123:${describeStarting({ originStart: 5, after: 9 })}`,
      { kind: 'starting', mark: '123', originStart: 5, after: 9 },
    ],
    [`+123:${describeLeader(77, undefined)}`, { kind: 'leader', mark: '123', processId: 77 }],
    [`+123:${describeMember(1001)}`, { kind: 'member', mark: '123', start: 1001 }],
  ])('is read as it was written: %s', (line, order) => {
    expect(parseOrder(line)).toEqual(order);
  });

  test.each(['', '+', '123', '+123:', '+123:77', '+123:77:', '+123::gone', '+x:1:2'])(
    'is none where it is cut off: %s',
    (line) => {
      expect(parseOrder(line)).toBeUndefined();
    },
  );
});
