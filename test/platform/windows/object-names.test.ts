/** The list of the names of objects, in bytes as the documentation has them. */
import { expect, test } from 'vitest';
import { parseEntry } from '../../../src/platform/windows/object-names.ts';

/** struct OBJECT_DIRECTORY_INFORMATION: two UNICODE_STRINGs, each with its length, its room and its address; then the texts. */
function entryOf(name: string, pointer: number): Buffer {
  const bytes = Buffer.alloc(1024);
  bytes.writeUInt16LE(name.length * 2, 0);
  bytes.writeUInt16LE(name.length * 2 + 2, 2);
  bytes.writeBigUInt64LE(BigInt(pointer + 64), 8);
  bytes.write(name, 64, 'utf16le');
  return bytes;
}

test('The name of an object is the text that its entry points to', () => {
  const pointer = 0x1_0000_0000;
  expect(parseEntry(entryOf('portslice-20123', pointer), pointer)).toBe('portslice-20123');
  expect(parseEntry(entryOf('', pointer), pointer)).toBe('');
});

test('A text that lies elsewhere is none', () => {
  expect(parseEntry(entryOf('portslice-20123', 0x2000), 0x1000)).toBe('');
  expect(parseEntry(entryOf('portslice-20123', 0x1000), 0x2000)).toBe('');
});
