/**
 * Shared memory on macOS: a POSIX object that other processes open by its name. The kernel lets its size be set once. A name
 * survives a crash and cannot be listed, so each has a file of the same name, locked as long as its creator lives: whoever
 * gets that lock later takes both away.
 */
import { HEADER_BYTES, MAX_PORT_COUNT, MAX_SLICE_COUNT, segmentOffsets } from '../../core/segment-layout.ts';
import { PoolDamagedError, PoolForeignError, PoolHandleError, PoolStaleError } from '../../errors/index.ts';
import { fileSystem } from '../file-system.ts';
import type { CreatedMemory, SharedMemory } from '../port-kernel.ts';
import { MAP_SHARED, O_CREAT, O_EXCL, O_RDWR, PROT_READ, PROT_WRITE } from './constants.ts';
import { ENOENT, errnoName, errorFor, meaningOf, typedError } from './errno.ts';
import type { LibC } from './libc.ts';
import { createMarker, findMarkers, isAbandoned, type Marker, removeAbandoned } from './memory-markers.ts';
import { randomBytes } from './random.ts';

const NAME_BYTES = 8;
const OWNER_ONLY = 0o600;
/** A process that is translated by Rosetta has pages of 4 KiB, all others of 16. */
const SIZE_UNIT = 65_536;
const LOCATOR = /^shm:([0-9a-f]{16}):([1-9]\d{0,9})$/;
const { byteLength: MAX_BYTES } = segmentOffsets({
  portCount: MAX_PORT_COUNT,
  sliceCount: MAX_SLICE_COUNT,
  rangeCount: MAX_PORT_COUNT,
});
export const MAP_FAILED: number = 2 ** 64;

/** Creates zeroed memory of exactly that size. */
export function createMemory(libc: LibC, byteLength: number): CreatedMemory {
  const marker = markMemory(libc);
  let buffer: ArrayBuffer | undefined;
  try {
    buffer = mapNew(libc, marker.name, byteLength);
  } finally {
    if (buffer === undefined) marker.remove();
  }
  return describeMemory(libc, marker, buffer);
}

/** First, takes away what dead processes have left. */
function markMemory(libc: LibC): Marker {
  try {
    removeAbandoned(libc, (name) => libc.shm_unlink(sharedName(name)));
    return createMarker(libc, randomBytes(libc, NAME_BYTES).toString('hex'));
  } catch (error) {
    throw typedError(error);
  }
}

function mapNew(libc: LibC, name: string, byteLength: number): ArrayBuffer {
  const descriptor = libc.shm_open(sharedName(name), O_RDWR | O_CREAT | O_EXCL, 'int', OWNER_ONLY);
  if (descriptor === -1) throw errorFor('shm_open', libc.errno());
  let isComplete = false;
  try {
    if (libc.ftruncate(descriptor, roundUp(byteLength)) !== 0) throw errorFor('ftruncate', libc.errno());
    const buffer = libc.view(BigInt(map(libc, descriptor, byteLength)), byteLength);
    isComplete = true;
    return buffer;
  } finally {
    // The mapping stays.
    libc.close(descriptor);
    if (!isComplete) libc.shm_unlink(sharedName(name));
  }
}

function describeMemory(libc: LibC, marker: Marker, buffer: ArrayBuffer): CreatedMemory {
  const { byteLength } = buffer;
  return {
    buffer,
    locator: `shm:${marker.name}:${byteLength}`,
    announce: () => marker.write(String(byteLength)),
    // SAFETY: the mapping stays, since an access to unmapped memory would end the process. It is a few touched pages.
    close: () => {
      libc.shm_unlink(sharedName(marker.name));
      marker.remove();
    },
  };
}

/**
 * Maps the memory that another process, or this one, has created.
 * @throws PoolHandleError if the locator is none of ours, PoolStaleError if the memory is gone, PoolForeignError if it is not
 *   ours to open, PoolDamagedError if its size is impossible
 */
export function attachMemory(libc: LibC, locator: string, handle: string): SharedMemory {
  return withMapped(libc, locator, handle, (address, byteLength) => ({
    buffer: libc.view(BigInt(address), byteLength),
  }));
}

/** A copy of the memory as it is now, which leaves no mapping. @throws as attachMemory */
export function copyMemory(libc: LibC, locator: string): ArrayBuffer {
  return withMapped(libc, locator, locator, (address, byteLength) => {
    const copy = new Uint8Array(byteLength);
    libc.memcpy(libc.addressOf(copy), address, byteLength);
    libc.munmap(address, byteLength);
    return copy.buffer;
  });
}

/** The locators of all memory of this user that was announced and not closed yet. */
export function findMemories(libc: LibC): string[] {
  return findMarkers(libc).map(({ name, text }) => `shm:${name}:${text}`);
}

function withMapped<T>(
  libc: LibC,
  locator: string,
  handle: string,
  use: (address: number, byteLength: number) => T,
): T {
  const [, name, size] = LOCATOR.exec(locator) ?? [];
  if (name === undefined)
    throw new PoolHandleError({
      handle,
      problem: 'it is not a handle of this version of portslice for macOS',
    });
  const byteLength = Number(size);
  // An absurd size would exhaust the address space.
  if (byteLength < HEADER_BYTES || byteLength > MAX_BYTES)
    throw new PoolDamagedError({ handle, problem: `it has ${byteLength} bytes` });
  const descriptor = openMemory(libc, name, handle);
  try {
    if (isAbandoned(libc, name))
      throw new PoolStaleError({
        handle,
        problem: `the process that has made ${sharedName(name)} has ended`,
      });
    // SYNC: the kernel never lets it shrink, so that what is mapped stays.
    const found = fileSystem().fstatSync(descriptor).size;
    if (found < byteLength)
      throw new PoolDamagedError({ handle, problem: `it has ${found} bytes, not ${byteLength}` });
    return use(map(libc, descriptor, byteLength), byteLength);
  } finally {
    libc.close(descriptor);
  }
}

function openMemory(libc: LibC, name: string, handle: string): number {
  const descriptor = libc.shm_open(sharedName(name), O_RDWR, 'int', 0);
  if (descriptor !== -1) return descriptor;
  const code = libc.errno();
  if (code === ENOENT) throw new PoolStaleError({ handle, problem: `${sharedName(name)} does not exist` });
  if (meaningOf(code) === 'denied') {
    throw new PoolForeignError({
      handle,
      problem: `${sharedName(name)} belongs to another user or is protected (${errnoName(code)})`,
    });
  }
  throw errorFor(`shm_open(${sharedName(name)})`, code);
}

/** The kernel takes at most 31 bytes. */
function sharedName(name: string): string {
  return `/portslice.${name}`;
}

function roundUp(byteLength: number): number {
  return Math.ceil(byteLength / SIZE_UNIT) * SIZE_UNIT;
}

/** @returns the address */
function map(libc: LibC, descriptor: number, byteLength: number): number {
  const address = Number(libc.mmap(0, byteLength, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0));
  if (address === MAP_FAILED) throw errorFor('mmap', libc.errno());
  return address;
}
