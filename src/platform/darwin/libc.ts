/**
 * The few functions of macOS' system library that portslice calls, and the scratch memory through which it passes them
 * structures. All are bound at once, when the first port is allocated: a thread that is terminated inside koffi's `load`, `func` or
 * `view` aborts the process, one inside a bound function does not.
 * SAFETY: every pointer below lies in `scratch`, which lives as long as this object, or comes from the system library.
 */
import { UnsupportedPlatformError } from '../../errors/index.ts';
import { loadKoffi } from '../koffi.ts';
import { threadState } from '../thread-state.ts';
import { SCRATCH_BYTES, Scratch } from './scratch.ts';
import { threadNumber } from './thread-number.ts';

type Pointer = number;

export interface LibC {
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly bind: (descriptor: number, address: Pointer, byteLength: number) => number;
  readonly listen: (descriptor: number, backlog: number) => number;
  readonly close: (descriptor: number) => number;
  readonly setsockopt: (
    descriptor: number,
    level: number,
    option: number,
    value: Pointer,
    byteLength: number,
  ) => number;
  readonly getsockopt: (
    descriptor: number,
    level: number,
    option: number,
    value: Pointer,
    byteLength: Pointer,
  ) => number;
  /** Variadic in C: arm64 has such arguments elsewhere than others, so that each comes with its type. */
  readonly fcntl: (descriptor: number, command: number, type: 'uintptr_t', argument: number) => number;
  readonly open: (path: string, flags: number, type: 'int', mode: number) => number;
  readonly fchmod: (descriptor: number, mode: number) => number;
  readonly flock: (descriptor: number, operation: number) => number;
  readonly lseek: (descriptor: number, offset: number, whence: number) => number | bigint;
  readonly shm_open: (name: string, flags: number, type: 'int', mode: number) => number;
  readonly shm_unlink: (name: string) => number;
  readonly ftruncate: (descriptor: number, byteLength: number) => number;
  readonly mmap: (
    address: Pointer,
    byteLength: number,
    protection: number,
    flags: number,
    descriptor: number,
    offset: number,
  ) => number | bigint;
  readonly munmap: (address: Pointer, byteLength: number) => number;
  readonly memcpy: (destination: Pointer, source: Pointer, byteLength: number) => Pointer;
  readonly getentropy: (buffer: Pointer, byteLength: number) => number;
  readonly confstr: (name: number, buffer: Pointer, byteLength: number) => number | bigint;
  readonly sysctl: (
    name: Pointer,
    nameLength: number,
    value: Pointer,
    byteLength: Pointer,
    newValue: 0,
    newByteLength: 0,
  ) => number;
  readonly sysctlbyname: (
    name: string,
    value: Pointer,
    byteLength: Pointer,
    newValue: 0,
    newByteLength: 0,
  ) => number;
  /** @returns the bytes that were written, 0 for a failure */
  readonly proc_pidinfo: (
    processId: number,
    flavor: number,
    argument: number,
    buffer: Pointer,
    byteLength: number,
  ) => number;
  /** As `proc_pidinfo`, of one of its descriptors. */
  readonly proc_pidfdinfo: (
    processId: number,
    descriptor: number,
    flavor: number,
    buffer: Pointer,
    byteLength: number,
  ) => number;
  /** @returns the session, -1 for a failure */
  readonly getsid: (processId: number) => number;
  /** @returns how many there are; 0 for a failure */
  readonly proc_listallpids: (buffer: Pointer, byteLength: number) => number;
  /** @returns null for a user without a name; of others than this machine's, it asks a directory service. */
  readonly user_from_uid: (userId: number, onlyName: 1) => string | null;
  readonly getaddrinfo: (node: string, service: null, hints: Pointer, result: Pointer) => number;
  readonly gai_strerror: (code: number) => string;
  readonly freeaddrinfo: (list: Pointer) => void;
  /** What IPv6 addresses of the loopback interface have as their scope; 0: there is no such interface. */
  readonly loopbackScopeId: number;
  /** The system's own number of this thread, never used again. */
  readonly systemThreadId: number;
  /** The same as other processes know it; see thread-number.ts. */
  readonly threadId: number;
  readonly isMainThread: boolean;
  /** The errno of the last call of this thread. */
  readonly errno: () => number;
  readonly view: (pointer: bigint, byteLength: number) => ArrayBuffer;
  readonly addressOf: (bytes: NodeJS.ArrayBufferView) => Pointer;
  /** Memory that does not move. Its parts are allotted in scratch.ts. */
  readonly scratch: Buffer;
  readonly scratchPointer: Pointer;
}

/** Those whose C structures and numbers are as constants.ts has them. */
const KNOWN_PROCESSORS: readonly string[] = ['x64', 'arm64'];

/** The system library of this thread, bound on first use. @throws ForeignFunctionError, UnsupportedPlatformError */
export function libc(): LibC {
  return threadState('libc', bindLibC);
}

function bindLibC(): LibC {
  const target = `darwin-${process.arch}`;
  if (!KNOWN_PROCESSORS.includes(process.arch))
    throw new UnsupportedPlatformError({ platform: target, capability: 'The allocation of ports' });
  const koffi = loadKoffi(target);
  const library = koffi.load(null);
  // A slow buffer has memory of its own outside of V8's heap, so its address is stable.
  const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES).fill(0);
  const scratchPointer = Number(koffi.address(scratch));
  const call = (prototype: string, ...args: unknown[]): number =>
    (library.func(prototype) as (...all: unknown[]) => number)(...args);
  const isMainThread = call('int pthread_main_np()') === 1;
  call('int pthread_threadid_np(uintptr_t, uintptr_t)', 0, scratchPointer + Scratch.structure);
  const systemThreadId = Number(scratch.readBigUInt64LE(Scratch.structure));
  return {
    socket: library.func('int socket(int, int, int)'),
    bind: library.func('int bind(int, uintptr_t, uint32_t)'),
    listen: library.func('int listen(int, int)'),
    close: library.func('int close(int)'),
    setsockopt: library.func('int setsockopt(int, int, int, uintptr_t, uint32_t)'),
    getsockopt: library.func('int getsockopt(int, int, int, uintptr_t, uintptr_t)'),
    fcntl: library.func('int fcntl(int, int, ...)'),
    mmap: library.func('uintptr_t mmap(uintptr_t, size_t, int, int, int, int64_t)'),
    open: library.func('int open(const char *, int, ...)'),
    fchmod: library.func('int fchmod(int, int)'),
    flock: library.func('int flock(int, int)'),
    lseek: library.func('int64_t lseek(int, int64_t, int)'),
    shm_open: library.func('int shm_open(const char *, int, ...)'),
    shm_unlink: library.func('int shm_unlink(const char *)'),
    ftruncate: library.func('int ftruncate(int, int64_t)'),
    munmap: library.func('int munmap(uintptr_t, size_t)'),
    memcpy: library.func('uintptr_t memcpy(uintptr_t, uintptr_t, size_t)'),
    getentropy: library.func('int getentropy(uintptr_t, size_t)'),
    confstr: library.func('size_t confstr(int, uintptr_t, size_t)'),
    sysctl: library.func('int sysctl(uintptr_t, unsigned int, uintptr_t, uintptr_t, uintptr_t, size_t)'),
    sysctlbyname: library.func('int sysctlbyname(const char *, uintptr_t, uintptr_t, uintptr_t, size_t)'),
    proc_pidinfo: library.func('int proc_pidinfo(int, int, uint64_t, uintptr_t, int)'),
    proc_pidfdinfo: library.func('int proc_pidfdinfo(int, int, int, uintptr_t, int)'),
    getsid: library.func('int getsid(int)'),
    proc_listallpids: library.func('int proc_listallpids(uintptr_t, int)'),
    user_from_uid: library.func('const char *user_from_uid(unsigned int, int)'),
    getaddrinfo: library.func('int getaddrinfo(const char *, const char *, uintptr_t, uintptr_t)'),
    gai_strerror: library.func('const char *gai_strerror(int)'),
    freeaddrinfo: library.func('void freeaddrinfo(uintptr_t)'),
    loopbackScopeId: call('unsigned int if_nametoindex(const char *)', 'lo0'),
    systemThreadId,
    threadId: threadNumber(process.pid, isMainThread ? undefined : systemThreadId),
    isMainThread,
    errno: () => koffi.errno(),
    view: (pointer, byteLength) => koffi.view(pointer, byteLength),
    addressOf: (bytes) => Number(koffi.address(bytes)),
    scratch,
    scratchPointer,
  };
}
