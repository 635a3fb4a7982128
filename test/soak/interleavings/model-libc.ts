/**
 * The C library as far as the adoption of orphans calls it (src/platform/linux/orphans.ts), on the model's descriptors.
 * A thread marks a socket in the same step in which it opens it.
 */
import { AF_UNIX, F_GETOWN_EX, F_GETSIG, F_SETSIG } from '../../../src/platform/linux/constants.ts';
import type { LibC } from '../../../src/platform/linux/libc.ts';

export interface DescriptorSteps {
  readonly threadId: number;
  socket: () => number;
  close: (descriptor: number) => void;
  isMarked: (descriptor: number) => boolean;
  opener: (descriptor: number) => number;
  /** 0: not one of ours; 1: a lock; from 2: the mutex of level 0, 1, ... */
  nameOf: (descriptor: number) => number;
  /** Binds the socket as what only one thread of the process has at a time. */
  bindMutex: (descriptor: number, level: number) => boolean;
}

const EADDRINUSE = 98;
const LOCK_NAME = 'portslice/1';
const MUTEX_NAME = `portslice/orphans/${process.pid}/`;
/** The signal by which portslice marks descriptors, as it is seen to set it. */
let mark = -1;

export function modelLibC(steps: DescriptorSteps): LibC {
  const scratch = Buffer.alloc(4096);
  const model: Partial<LibC> = {
    threadId: steps.threadId,
    isMainThread: false,
    scratch,
    // Pointers are places in the scratch memory.
    scratchPointer: 0,
    errno: () => EADDRINUSE,
    socket: () => steps.socket(),
    close: (descriptor) => {
      steps.close(descriptor);
      return 0;
    },
    bind: (descriptor, address, byteLength) => {
      const name = scratch.toString('latin1', address + 3, address + byteLength);
      return steps.bindMutex(descriptor, Number(name.slice(MUTEX_NAME.length))) ? 0 : -1;
    },
    getsockname: (descriptor, address, byteLength) => {
      const which = steps.nameOf(descriptor);
      if (which === 0) return -1;
      const name = which === 1 ? LOCK_NAME : `${MUTEX_NAME}${which - 2}`;
      scratch.writeUInt16LE(AF_UNIX, address);
      scratch[address + 2] = 0;
      scratch.writeUInt32LE(3 + scratch.write(name, address + 3, 'latin1'), byteLength);
      return 0;
    },
    fcntl: (descriptor, command, argument) => {
      if (command === F_SETSIG) mark = argument;
      if (command === F_GETSIG) return steps.isMarked(descriptor) ? mark : 0;
      if (command === F_GETOWN_EX) scratch.writeInt32LE(steps.opener(descriptor), argument + 4);
      return 0;
    },
  };
  return model as LibC;
}
