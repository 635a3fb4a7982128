/**
 * Shared memory on Linux: a memfd, sized and then sealed against any change of size, which other processes open
 * through /proc. Nothing is left behind: it is gone with the last process that has it.
 */
import { HEADER_BYTES, MAX_PORT_COUNT, MAX_SLICE_COUNT, segmentOffsets } from '../../core/segment-layout.ts';
import { PoolDamagedError, PoolForeignError, PoolHandleError, PoolStaleError } from '../../errors/index.ts';
import { errorFor, meaningOf } from '../errno.ts';
import { fileSystem } from '../file-system.ts';
import type { CreatedMemory, SharedMemory } from '../port-kernel.ts';
import {
  F_ADD_SEALS,
  F_GET_SEALS,
  F_SEAL_GROW,
  F_SEAL_FUTURE_WRITE,
  F_SEAL_SEAL,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
  MAP_SHARED,
  MFD_ALLOW_SEALING,
  MFD_CLOEXEC,
  PROT_READ,
  PROT_WRITE,
} from './constants.ts';
import type { LibC } from './libc.ts';
import { takeName } from './lock.ts';
import { markAsThreads } from './thread-descriptors.ts';
import { readUnixTable } from './unix-table.ts';

const NAME = 'portslice';
const LINK_TARGET = `/memfd:${NAME} (deleted)`;
const LOCATOR = /^memfd:([1-9]\d{0,9}):(\d{1,9})$/;
const BEACON = /^portslice\/pool\/([1-9]\d{0,9})\/(\d{1,9})$/;
const SIZE_SEALS = F_SEAL_SHRINK | F_SEAL_GROW;
/** Nobody can map what has one of these in order to write. */
const READ_ONLY_SEALS = F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;
const { byteLength: MAX_BYTES } = segmentOffsets({
  portCount: MAX_PORT_COUNT,
  sliceCount: MAX_SLICE_COUNT,
  rangeCount: MAX_PORT_COUNT,
});
const MAP_FAILED = 2 ** 64;

/** Creates zeroed memory of exactly that size. */
export function createMemory(libc: LibC, byteLength: number): CreatedMemory {
  const descriptor = libc.memfd_create(NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (descriptor === -1) throw errorFor('memfd_create', libc.errno());
  try {
    // The memory of a terminated thread's pool lives on only where others have mapped it.
    markAsThreads(libc, descriptor);
    if (libc.ftruncate(descriptor, byteLength) !== 0) throw errorFor('ftruncate', libc.errno());
    // Without the seals any process of this user could shrink it and kill all who have mapped it.
    const sealed = libc.fcntl(descriptor, F_ADD_SEALS, SIZE_SEALS | F_SEAL_SEAL);
    if (sealed !== 0) throw errorFor('fcntl(F_ADD_SEALS)', libc.errno());
    return describeMemory(libc, descriptor, map(libc, descriptor, byteLength));
  } catch (error) {
    libc.close(descriptor);
    throw error;
  }
}

function describeMemory(libc: LibC, descriptor: number, buffer: ArrayBuffer): CreatedMemory {
  let beacon: number | undefined;
  return {
    buffer,
    locator: locatorOf(process.pid, descriptor),
    announce: () => {
      // A process of another process namespace can have the name: then the pool is not found.
      beacon ??= takeName(libc, `portslice/pool/${process.pid}/${descriptor}`);
    },
    // SAFETY: the mapping stays, since an access to unmapped memory would end the process. It is a few touched pages.
    close: () => {
      if (beacon !== undefined) libc.close(beacon);
      libc.close(descriptor);
    },
  };
}

/**
 * Maps the memory that another process, or this one, has created.
 * @throws PoolHandleError if the locator is none of ours, PoolStaleError if the memory is gone, PoolForeignError if it is not
 *   ours to open, PoolDamagedError if its size is impossible
 */
export function attachMemory(libc: LibC, locator: string, handle: string): SharedMemory {
  return withOpened(libc, locator, handle, (descriptor, byteLength) => ({
    buffer: map(libc, descriptor, byteLength),
  }));
}

/** A copy of the memory as it is now. A mapping could never be taken away again. @throws as attachMemory */
export function copyMemory(libc: LibC, locator: string): ArrayBuffer {
  return withOpened(libc, locator, locator, (descriptor, byteLength) => {
    const copy = new ArrayBuffer(byteLength);
    const { readSync } = fileSystem();
    for (let at = 0; at < byteLength;) {
      const read = readSync(descriptor, new Uint8Array(copy), at, byteLength - at, at);
      if (read === 0)
        throw new PoolDamagedError({
          handle: locator,
          problem: `only ${at} of ${byteLength} bytes can be read`,
        });
      at += read;
    }
    return copy;
  });
}

/** The locators of all memory that was announced and not closed yet, by any process whose sockets can be seen from here. */
export function findMemories(): string[] {
  const sockets = readUnixTable() ?? [];
  return sockets.flatMap(({ name }) => {
    const beacon = parseBeacon(name);
    return beacon === undefined ? [] : [locatorOf(beacon.processId, beacon.descriptor)];
  });
}

/** Whose descriptor the announced memory is; undefined: the name is no beacon. */
export function parseBeacon(
  name: string,
): { readonly processId: number; readonly descriptor: string } | undefined {
  const [, processId, descriptor] = BEACON.exec(name) ?? [];
  return descriptor === undefined ? undefined : { processId: Number(processId), descriptor };
}

export function locatorOf(processId: number, descriptor: number | string): string {
  return `memfd:${processId}:${descriptor}`;
}

function withOpened<T>(
  libc: LibC,
  locator: string,
  handle: string,
  use: (descriptor: number, byteLength: number) => T,
): T {
  const { closeSync, fstatSync } = fileSystem();
  const path = descriptorPath(locator, handle);
  const descriptor = openMemory(handle, path);
  try {
    const status = fstatSync(descriptor);
    const seals = libc.fcntl(descriptor, F_GET_SEALS, 0);
    const isSealed = seals !== -1 && (seals & SIZE_SEALS) === SIZE_SEALS;
    if (!status.isFile() || !isSealed || (seals & READ_ONLY_SEALS) !== 0) {
      throw new PoolForeignError({ handle, problem: `${path} is not the sealed memory of a port pool` });
    }
    // An empty file cannot be mapped, and an absurd size would exhaust the address space.
    if (status.size < HEADER_BYTES || status.size > MAX_BYTES)
      throw new PoolDamagedError({ handle, problem: `it has ${status.size} bytes` });
    return use(descriptor, status.size);
  } finally {
    closeSync(descriptor);
  }
}

function descriptorPath(locator: string, handle: string): string {
  const [, processId, descriptor] = LOCATOR.exec(locator) ?? [];
  if (processId === undefined || descriptor === undefined)
    throw new PoolHandleError({
      handle,
      problem: 'it is not a handle of this version of portslice for Linux',
    });
  // Where /proc is that of an outer process namespace, our number there is another one.
  return `/proc/${Number(processId) === process.pid ? 'self' : processId}/fd/${descriptor}`;
}

/** The link is read before anything is opened: a stale number can name a FIFO or a terminal. */
function openMemory(handle: string, path: string): number {
  const { constants, openSync, readlinkSync } = fileSystem();
  try {
    const target = readlinkSync(path);
    if (target !== LINK_TARGET) throw new PoolStaleError({ handle, problem: `${path} is now '${target}'` });
    return openSync(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    if (error instanceof PoolStaleError) throw error;
    const { code, errno } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT')
      throw new PoolStaleError({ handle, problem: `${path} does not exist`, cause: error });
    if (code === 'EACCES' || code === 'EPERM') {
      throw new PoolForeignError({
        handle,
        problem: `${path} belongs to another user or is protected (${code})`,
        cause: error,
      });
    }
    if (code === 'ERR_ACCESS_DENIED') {
      const allow = 'allow it with --allow-fs-read and --allow-fs-write';
      throw new PoolForeignError({
        handle,
        problem: `Node's permission model denies ${path}: ${allow}`,
        cause: error,
      });
    }
    if (errno !== undefined && meaningOf(-errno) === 'limit') throw errorFor(`open(${path})`, -errno);
    throw new PoolForeignError({ handle, problem: `${path} cannot be opened (${code})`, cause: error });
  }
}

function map(libc: LibC, descriptor: number, byteLength: number): ArrayBuffer {
  const address = Number(libc.mmap(0, byteLength, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0));
  if (address === MAP_FAILED) throw errorFor('mmap', libc.errno());
  return libc.view(BigInt(address), byteLength);
}
