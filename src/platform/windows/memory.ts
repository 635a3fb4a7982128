/**
 * Shared memory on Windows: a named mapping of the page file, which other processes of the session open by its name. Nothing is
 * left behind: it is gone with the last process that has it.
 */
import { HEADER_BYTES, HeaderWord } from '../../core/segment-layout.ts';
import { PoolDamagedError, PoolForeignError, PoolHandleError, PoolStaleError } from '../../errors/index.ts';
import type { CreatedMemory, SharedMemory } from '../port-kernel.ts';
import {
  ERROR_ACCESS_DENIED,
  ERROR_FILE_NOT_FOUND,
  ERROR_INVALID_HANDLE,
  FILE_MAP_READ_WRITE,
  MemoryInformation,
} from './constants.ts';
import { windowsError } from './errno.ts';
import { mapNamed, mapView } from './named-memory.ts';
import { listObjectNames } from './object-names.ts';
import { randomBytes } from './random.ts';
import { Scratch } from './scratch.ts';
import type { Win32 } from './win32.ts';

const LOCATOR = /^section:([1-9]\d{0,9}):([0-9a-f]{32})$/;

/** Creates zeroed memory of exactly that size. */
export function createMemory(win32: Win32, byteLength: number): CreatedMemory {
  const id = randomBytes(win32, 16).toString('hex');
  const { mapping, buffer } = mapNamed(win32, nameOf(id), byteLength);
  return {
    buffer,
    locator: `section:${byteLength}:${id}`,
    // It is found by its name, and by the size that stands in it as soon as it is filled.
    announce: () => undefined,
    // The name goes with the handle; the mapping itself stays.
    close: () => void win32.closeHandle(mapping),
  };
}

/**
 * Maps the memory that another process, or this one, has created.
 * @throws PoolHandleError if the locator is none of ours, PoolStaleError if the memory is gone, PoolForeignError if it is not ours to
 *   open, PoolDamagedError if its size is impossible
 */
export function attachMemory(win32: Win32, locator: string, handle: string): SharedMemory {
  const { address, byteLength } = openView(win32, locator, handle);
  return { buffer: win32.view(address, byteLength) };
}

/** A copy of the memory as it is now. @throws as attachMemory */
export function copyMemory(win32: Win32, locator: string): ArrayBuffer {
  const { address, byteLength } = openView(win32, locator, locator);
  const { buffer, pointer } = win32.allocate(byteLength);
  win32.copyMemory(pointer, address, byteLength);
  win32.unmapView(address);
  const copy = new ArrayBuffer(byteLength);
  new Uint8Array(copy).set(buffer);
  return copy;
}

const NAME = /^portslice-pool-([0-9a-f]{32})$/;

/** The locators of all pools of this user's in this session. */
export function findMemories(win32: Win32): string[] {
  return listObjectNames(win32, 'Local').flatMap((name) => {
    const [, id] = NAME.exec(name) ?? [];
    const byteLength = id === undefined ? undefined : readPoolSize(win32, id);
    return byteLength === undefined ? [] : [`section:${byteLength}:${id}`];
  });
}

/** Undefined: it is not filled yet, or cannot be opened. */
function readPoolSize(win32: Win32, id: string): number | undefined {
  const mapping = win32.openFileMapping(FILE_MAP_READ_WRITE, 0, nameOf(id));
  if (mapping === 0) return undefined;
  try {
    const view = mapView(win32, mapping);
    win32.copyMemory(win32.scratchPointer + Scratch.structure, view, HEADER_BYTES);
    win32.unmapView(view);
    const byteLength = win32.scratch.readInt32LE(Scratch.structure + 4 * HeaderWord.byteLength);
    return byteLength >= HEADER_BYTES ? byteLength : undefined;
  } finally {
    win32.closeHandle(mapping);
  }
}

function openView(
  win32: Win32,
  locator: string,
  handle: string,
): { readonly address: number; readonly byteLength: number } {
  const [, size, id] = LOCATOR.exec(locator) ?? [];
  if (id === undefined) {
    throw new PoolHandleError({
      handle,
      problem: 'it is not a handle of this version of portslice for Windows',
    });
  }
  const mapping = win32.openFileMapping(FILE_MAP_READ_WRITE, 0, nameOf(id));
  if (mapping === 0) throw openError(win32.lastError(), handle, nameOf(id));
  try {
    const byteLength = Number(size);
    const address = mapView(win32, mapping);
    const mappedBytes = sizeOf(win32, address);
    if (byteLength >= HEADER_BYTES && byteLength <= mappedBytes) return { address, byteLength };
    win32.unmapView(address);
    throw new PoolDamagedError({ handle, problem: `it has ${mappedBytes} bytes, not ${byteLength}` });
  } finally {
    win32.closeHandle(mapping);
  }
}

function openError(code: number, handle: string, name: string): Error {
  if (code === ERROR_FILE_NOT_FOUND)
    return new PoolStaleError({ handle, problem: `there is no ${name} in this session` });
  if (code === ERROR_ACCESS_DENIED || code === ERROR_INVALID_HANDLE)
    return new PoolForeignError({ handle, problem: `${name} belongs to another user or is something else` });
  return windowsError(`OpenFileMappingW(${name})`, code);
}

/** In whole pages. */
function sizeOf(win32: Win32, address: number): number {
  const { byteLength, regionSize } = MemoryInformation;
  const written = win32.queryMemory(address, win32.scratchPointer + Scratch.structure, byteLength);
  if (written === 0) throw windowsError('VirtualQuery', win32.lastError());
  return Number(win32.scratch.readBigUInt64LE(Scratch.structure + regionSize));
}

/** Sections, unlike mutexes, need a privilege in the namespace of all sessions. */
function nameOf(id: string): string {
  return `Local\\portslice-pool-${id}`;
}
