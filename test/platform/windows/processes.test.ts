/** Bytes of the structures that winternl.h, phnt and tlhelp32.h declare, as 64-bit Windows fills them. */
import { expect, test } from 'vitest';
import { parseCommandLine, parseParent, parseProcessEntry } from '../../../src/platform/windows/processes.ts';
import { parseSocketAddress } from '../../../src/platform/windows/resolver.ts';

const parse = (hex: string): unknown => parseSocketAddress(Buffer.from(hex, 'hex'));

test('PROCESS_BASIC_INFORMATION ends with the number of the parent', () => {
  const information = Buffer.alloc(48, 0xcc);
  information.writeBigUInt64LE(4711n, 32);
  information.writeBigUInt64LE(4712n, 40);
  expect(parseParent(information)).toBe(4712);
});

test('The command line follows its UNICODE_STRING, as long as that says, and is made one line', () => {
  const text = '"C:\\Program Files\\nodejs\\node.exe"  größe.js\r\n--port 20123';
  const information = Buffer.alloc(16 + 2 * text.length + 20, 0xcc);
  information.writeUInt16LE(2 * text.length, 0);
  information.writeUInt16LE(2 * text.length + 2, 2);
  information.write(text, 16, 'utf16le');
  expect(parseCommandLine(information)).toBe('"C:\\Program Files\\nodejs\\node.exe" größe.js --port 20123');
});

test('A PROCESSENTRY32W has the process and its parent', () => {
  const entry = Buffer.alloc(568, 0xcc);
  entry.writeUInt32LE(568, 0);
  entry.writeUInt32LE(100_000, 8);
  entry.writeUInt32LE(1000, 32);
  expect(parseProcessEntry(entry)).toEqual([100_000, 1000]);
});

test('A sockaddr of either family is an address, and one of IPv4 in IPv6 an IPv4 one', () => {
  expect(parse('02004e9b7f0000020000000000000000')).toEqual({
    family: 'ipv4',
    bytes: Uint8Array.of(127, 0, 0, 2),
    scopeId: 0,
    dual: false,
  });
  expect(parse('1700000000000000fe8000000000000000000000000000010c000000')).toEqual({
    family: 'ipv6',
    bytes: Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
    scopeId: 12,
    dual: false,
  });
  expect(parse('170000000000000000000000000000000000ffff7f00000100000000')).toMatchObject({
    family: 'ipv4',
    bytes: Uint8Array.of(127, 0, 0, 1),
  });
  expect(parse('2000000000000000')).toBeUndefined();
});
