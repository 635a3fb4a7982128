/** The names of portslice's objects, as the system lists them: those of all sessions, and those of this session. */
import {
  DIRECTORY_QUERY,
  DirectoryEntry,
  ObjectAttributes,
  PROCESS_SESSION_INFORMATION,
  UnicodeString,
} from './constants.ts';
import { Scratch } from './scratch.ts';
import type { Win32 } from './win32.ts';

const BEGINNING = 'portslice-';
/** What stands for this process where a handle is wanted. */
const THIS_PROCESS = -1;
/** Many times what a machine has: so that nothing can keep us here. */
const MAX_OBJECTS = 1_000_000;

/** @param which as it stands before a name: `Global\\`, `Local\\`. @returns without that; none where the system does not list them */
export function listObjectNames(api: Win32, which: 'Global' | 'Local'): string[] {
  const directory = openDirectory(api, which === 'Global' ? GLOBAL : localDirectory(api));
  if (directory === undefined) return [];
  try {
    return readNames(api, directory).filter((name) => name.startsWith(BEGINNING));
  } finally {
    api.closeHandle(directory);
  }
}

const GLOBAL = '\\BaseNamedObjects';

function localDirectory(api: Win32): string {
  const at = Scratch.structure;
  const status = api.queryProcess(THIS_PROCESS, PROCESS_SESSION_INFORMATION, api.scratchPointer + at, 4, 0);
  const session = status === 0 ? api.scratch.readUInt32LE(at) : 0;
  return session === 0 ? GLOBAL : `\\Sessions\\${session}${GLOBAL}`;
}

// SAFETY: all buffers are kept until the call has returned.
function openDirectory(api: Win32, path: string): number | undefined {
  const text = api.allocate(path.length * 2);
  text.buffer.write(path, 'utf16le');
  const name = api.allocate(UnicodeString.byteLength);
  name.buffer.writeUInt16LE(text.buffer.length, UnicodeString.textBytes);
  name.buffer.writeUInt16LE(text.buffer.length, UnicodeString.spaceBytes);
  name.buffer.writeBigUInt64LE(BigInt(text.pointer), UnicodeString.text);
  const attributes = api.allocate(ObjectAttributes.byteLength);
  attributes.buffer.writeUInt32LE(ObjectAttributes.byteLength, ObjectAttributes.length);
  attributes.buffer.writeBigUInt64LE(BigInt(name.pointer), ObjectAttributes.name);
  const at = Scratch.pointer;
  const status = api.openDirectory(api.scratchPointer + at, DIRECTORY_QUERY, attributes.pointer);
  return status === 0 ? Number(api.scratch.readBigUInt64LE(at)) : undefined;
}

/** One by one, as the oldest systems can: it takes a call for each. */
function readNames(api: Win32, directory: number): string[] {
  const names: string[] = [];
  const { buffer, pointer } = api.allocate(DirectoryEntry.byteLength);
  const context = api.scratchPointer + Scratch.length;
  for (let count = 0; count < MAX_OBJECTS; count++) {
    const isFirst = count === 0 ? 1 : 0;
    if (api.queryDirectory(directory, pointer, buffer.length, 1, isFirst, context, 0) !== 0) break;
    names.push(parseEntry(buffer, pointer));
  }
  return names;
}

/** @param pointer where the buffer is. @returns '' for a text that is not in it */
export function parseEntry(buffer: Buffer, pointer: number): string {
  const byteLength = buffer.readUInt16LE(DirectoryEntry.name + UnicodeString.textBytes);
  const from = Number(buffer.readBigUInt64LE(DirectoryEntry.name + UnicodeString.text)) - pointer;
  if (from < 0 || from + byteLength > buffer.length) return '';
  return buffer.toString('utf16le', from, from + byteLength);
}
