/** The current directory of a process. Windows has no function that tells it of another one: it stands in the memory of that process. */
import {
  PROCESS_BASIC_INFORMATION,
  PROCESS_QUERY_LIMITED_INFORMATION,
  PROCESS_VM_READ,
  ProcessBasicInformation,
  ProcessMemory,
  UnicodeString,
} from './constants.ts';
import { withProcess } from './processes.ts';
import { Scratch } from './scratch.ts';
import type { Win32 } from './win32.ts';

/** Longer than any path. */
const MAX_TEXT_BYTES = 65_536;

/** @returns undefined also of a process that may not be read: another user's, or one of 32 bits */
export function readFolder(processId: number): string | undefined {
  return withProcess(processId, PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_VM_READ, (handle, api) => {
    const block = findEnvironmentBlock(api, handle);
    if (block === undefined) return undefined;
    const parameters = readPointer(api, handle, block + ProcessMemory.parameters);
    if (parameters === undefined) return undefined;
    const text = read(api, handle, parameters + ProcessMemory.currentDirectory, UnicodeString.byteLength);
    return text && readText(api, handle, text);
  });
}

/** Where its PEB is. */
function findEnvironmentBlock(api: Win32, handle: number): number | undefined {
  const { byteLength, environmentBlock } = ProcessBasicInformation;
  const at = api.scratchPointer + Scratch.structure;
  if (api.queryProcess(handle, PROCESS_BASIC_INFORMATION, at, byteLength, 0) !== 0) return undefined;
  return Number(api.scratch.readBigUInt64LE(Scratch.structure + environmentBlock)) || undefined;
}

function readPointer(api: Win32, handle: number, from: number): number | undefined {
  const bytes = read(api, handle, from, 8);
  return bytes && (Number(bytes.readBigUInt64LE()) || undefined);
}

/** @param string a UNICODE_STRING */
function readText(api: Win32, handle: number, string: Buffer): string | undefined {
  const byteLength = string.readUInt16LE(UnicodeString.textBytes);
  const from = Number(string.readBigUInt64LE(UnicodeString.text));
  const bytes = from === 0 ? undefined : read(api, handle, from, byteLength);
  return bytes && withoutLastBackslash(bytes.toString('utf16le'));
}

/** It ends with one, which only belongs to that of a drive. */
function withoutLastBackslash(folder: string): string {
  return folder.length > 3 && folder.endsWith('\\') ? folder.slice(0, -1) : folder;
}

function read(api: Win32, handle: number, from: number, byteLength: number): Buffer | undefined {
  if (byteLength > MAX_TEXT_BYTES || !Number.isSafeInteger(from)) return undefined;
  const { buffer, pointer } = api.allocate(byteLength);
  return api.readMemory(handle, from, pointer, byteLength, 0) === 0 ? undefined : buffer;
}
