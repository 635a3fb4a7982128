import { HEADER_BYTES, MAX_PORT_COUNT, MAX_SLICE_COUNT, segmentOffsets } from '../../core/segment-layout.ts';
import { PoolDamagedError, PoolForeignError, PoolStaleError } from '../../errors/index.ts';
import { errorFor, meaningOf } from '../errno.ts';
/**
 * Shared memory on Linux: a memfd, sized and then sealed against any change of size, which other processes open
 * through /proc. Nothing is left behind: it is gone with the last process that has it.
 */
import { fileSystem } from '../file-system.ts';
import type { SharedMemory } from '../port-kernel.ts';
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
import { markAsThreads } from './thread-descriptors.ts';

const NAME = 'portslice';
const LINK_TARGET = `/memfd:${NAME} (deleted)`;
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
export function createMemory(libc: LibC, byteLength: number): SharedMemory {
  const descriptor = libc.memfd_create(NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (descriptor === -1) throw errorFor('memfd_create', libc.errno());
  try {
    // The memory of a terminated thread's pool lives on only where others have mapped it.
    markAsThreads(libc, descriptor);
    if (libc.ftruncate(descriptor, byteLength) !== 0) throw errorFor('ftruncate', libc.errno());
    // Without the seals any process of this user could shrink it and kill all who have mapped it.
    const sealed = libc.fcntl(descriptor, F_ADD_SEALS, SIZE_SEALS | F_SEAL_SEAL);
    if (sealed !== 0) throw errorFor('fcntl(F_ADD_SEALS)', libc.errno());
    return map(libc, descriptor, byteLength, descriptor);
  } catch (error) {
    libc.close(descriptor);
    throw error;
  }
}

/**
 * Maps the memory that another process, or this one, has created.
 * @throws PoolStaleError if it is gone, PoolForeignError if it is not ours to open, PoolDamagedError if its size is impossible
 */
export function attachMemory(
  libc: LibC,
  handle: string,
  processId: number,
  sourceDescriptor: number,
): SharedMemory {
  // Where /proc is that of an outer process namespace, our number there is another one.
  const path = `/proc/${processId === process.pid ? 'self' : processId}/fd/${sourceDescriptor}`;
  const { closeSync, fstatSync } = fileSystem();
  const descriptor = openMemory(handle, path);
  try {
    const status = fstatSync(descriptor);
    const seals = libc.fcntl(descriptor, F_GET_SEALS, 0);
    const isSealed = seals !== -1 && (seals & SIZE_SEALS) === SIZE_SEALS;
    if (!status.isFile() || !isSealed || (seals & READ_ONLY_SEALS) !== 0) {
      throw new PoolForeignError({ handle, problem: `${path} is not the sealed memory of a port pool` });
    }
    // Nothing cannot be mapped, and terabytes take the address space away.
    if (status.size < HEADER_BYTES || status.size > MAX_BYTES)
      throw new PoolDamagedError({ handle, problem: `it has ${status.size} bytes` });
    return map(libc, descriptor, status.size, undefined);
  } finally {
    closeSync(descriptor);
  }
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

function map(libc: LibC, descriptor: number, byteLength: number, kept: number | undefined): SharedMemory {
  const address = Number(libc.mmap(0, byteLength, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0));
  if (address === MAP_FAILED) throw errorFor('mmap', libc.errno());
  return {
    buffer: libc.view(BigInt(address), byteLength),
    descriptor: kept,
    // SAFETY: the mapping stays, since an access to unmapped memory would end the process. It is a few touched pages.
    close: () => {
      if (kept !== undefined) libc.close(kept);
    },
  };
}
