/**
 * Shared memory on Linux: a memfd, sized and then sealed against any change of size, which other processes open
 * through /proc. Nothing is left behind: it is gone with the last process that has it.
 */
import { PoolForeignError, PoolStaleError } from '../../errors.ts';
import { errorFor, meaningOf } from '../errno.ts';
import type { SharedMemory } from '../port-kernel.ts';
import {
  F_ADD_SEALS,
  F_GET_SEALS,
  F_SEAL_GROW,
  F_SEAL_SEAL,
  F_SEAL_SHRINK,
  MAP_SHARED,
  MFD_ALLOW_SEALING,
  MFD_CLOEXEC,
  PROT_READ,
  PROT_WRITE,
} from './constants.ts';
import type { LibC } from './libc.ts';

const NAME = 'portslice';
const LINK_TARGET = `/memfd:${NAME} (deleted)`;
const SIZE_SEALS = F_SEAL_SHRINK | F_SEAL_GROW;
const MAP_FAILED = 2 ** 64;

/** Creates zeroed memory of exactly that size. */
export function createMemory(libc: LibC, byteLength: number): SharedMemory {
  const descriptor = libc.memfd_create(NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (descriptor === -1) throw errorFor('memfd_create', libc.errno());
  try {
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
 * @throws PoolStaleError if it is gone, PoolForeignError if it is not ours to open
 */
export function attachMemory(
  libc: LibC,
  handle: string,
  processId: number,
  sourceDescriptor: number,
): SharedMemory {
  const path = `/proc/${processId}/fd/${sourceDescriptor}`;
  const { closeSync, fstatSync } = process.getBuiltinModule('node:fs');
  const descriptor = openMemory(handle, path);
  try {
    const status = fstatSync(descriptor);
    const seals = libc.fcntl(descriptor, F_GET_SEALS, 0);
    if (!status.isFile() || seals === -1 || (seals & SIZE_SEALS) !== SIZE_SEALS) {
      throw new PoolForeignError(handle, `${path} is not the sealed memory of a port pool`);
    }
    return map(libc, descriptor, status.size, undefined);
  } finally {
    closeSync(descriptor);
  }
}

/** The link is read before anything is opened: a stale number can name a FIFO or a terminal. */
function openMemory(handle: string, path: string): number {
  const { constants, openSync, readlinkSync } = process.getBuiltinModule('node:fs');
  try {
    const target = readlinkSync(path);
    if (target !== LINK_TARGET) throw new PoolStaleError(handle, `${path} is now '${target}'`);
    return openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new PoolStaleError(handle, `${path} does not exist`, error);
    if (code === 'EACCES' || code === 'EPERM') {
      throw new PoolForeignError(handle, `${path} belongs to another user or is protected (${code})`, error);
    }
    const { errno } = error as NodeJS.ErrnoException;
    throw errno !== undefined && meaningOf(-errno) === 'limit' ? errorFor(`open(${path})`, -errno) : error;
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
