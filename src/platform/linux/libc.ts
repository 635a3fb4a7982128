/**
 * The few functions of the C library that portslice calls, and the scratch memory through which it passes them
 * structures. What every claim needs is bound once, when the first port is allocated: a thread that is terminated inside
 * koffi's `load`, `func` or `view` aborts the process, one inside a bound function does not.
 * SAFETY: every pointer below lies in `scratch`, which lives as long as this object, or comes from the C library.
 */
import { bindLater, loadKoffi } from '../koffi.ts';
import { threadState } from '../thread-state.ts';

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
  readonly getsockname: (descriptor: number, address: Pointer, byteLength: Pointer) => number;
  readonly fcntl: (descriptor: number, command: number, argument: number) => number;
  /** Of the thread that this object belongs to; the main thread's is the process id. */
  readonly threadId: number;
  readonly isMainThread: boolean;
  readonly getrandom: (buffer: Pointer, byteLength: number, flags: number) => number | bigint;
  readonly memfd_create: (name: string, flags: number) => number;
  readonly ftruncate: (descriptor: number, byteLength: number) => number;
  readonly mmap: (
    address: Pointer,
    byteLength: number,
    protection: number,
    flags: number,
    descriptor: number,
    offset: number,
  ) => bigint | number;
  readonly getaddrinfo: (node: string, service: null, hints: Pointer, result: Pointer) => number;
  readonly gai_strerror: (code: number) => string;
  readonly freeaddrinfo: (list: Pointer) => void;
  readonly memcpy: (destination: Pointer, source: Pointer, byteLength: number) => Pointer;
  readonly send: (descriptor: number, message: Pointer, byteLength: number, flags: number) => number | bigint;
  readonly recv: (descriptor: number, buffer: Pointer, byteLength: number, flags: number) => number | bigint;
  readonly prlimit: (processId: number, resource: number, limit: Pointer, old: null) => number;
  /** The errno of the last call of this thread. */
  readonly errno: () => number;
  /** Of a buffer with memory of its own (Buffer.allocUnsafeSlow), which the caller keeps as long as the address is used. */
  readonly addressOf: (buffer: Buffer) => Pointer;
  readonly view: (pointer: bigint, byteLength: number) => ArrayBuffer;
  /** Memory that does not move. Its parts are allotted in scratch.ts. */
  readonly scratch: Buffer;
  readonly scratchPointer: Pointer;
}

const SCRATCH_BYTES = 4096;

/** The C library of this thread, bound on first use. @throws ForeignFunctionError */
export function libc(): LibC {
  return threadState('libc', bindLibC);
}

function bindLibC(): LibC {
  const koffi = loadKoffi(`linux-${process.arch}`);
  const library = koffi.load(null);
  // A slow buffer has memory of its own outside of V8's heap, so its address is stable.
  const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES).fill(0);
  const threadId = (library.func('int gettid()') as unknown as () => number)();
  return {
    socket: library.func('int socket(int, int, int)'),
    bind: library.func('int bind(int, uintptr_t, uint32_t)'),
    listen: library.func('int listen(int, int)'),
    close: library.func('int close(int)'),
    setsockopt: library.func('int setsockopt(int, int, int, uintptr_t, uint32_t)'),
    getsockopt: library.func('int getsockopt(int, int, int, uintptr_t, uintptr_t)'),
    getsockname: library.func('int getsockname(int, uintptr_t, uintptr_t)'),
    // Variadic in C; on Linux's 64-bit ABIs a variadic call passes integers as any other does.
    fcntl: library.func('int fcntl(int, int, uintptr_t)'),
    threadId,
    isMainThread: threadId === process.pid,
    getrandom: bindLater(library, 'int64_t getrandom(uintptr_t, size_t, unsigned int)'),
    memfd_create: bindLater(library, 'int memfd_create(const char *, unsigned int)'),
    ftruncate: bindLater(library, 'int ftruncate(int, int64_t)'),
    mmap: library.func('uintptr_t mmap(uintptr_t, size_t, int, int, int, int64_t)'),
    getaddrinfo: bindLater(library, 'int getaddrinfo(const char *, const char *, uintptr_t, uintptr_t)'),
    gai_strerror: bindLater(library, 'const char *gai_strerror(int)'),
    freeaddrinfo: bindLater(library, 'void freeaddrinfo(uintptr_t)'),
    memcpy: bindLater(library, 'uintptr_t memcpy(uintptr_t, uintptr_t, size_t)'),
    send: bindLater(library, 'int64_t send(int, uintptr_t, size_t, int)'),
    recv: bindLater(library, 'int64_t recv(int, uintptr_t, size_t, int)'),
    prlimit: bindLater(library, 'int prlimit(int, int, uintptr_t, void *)'),
    errno: () => koffi.errno(),
    addressOf: (buffer) => Number(koffi.address(buffer)),
    view: (pointer, byteLength) => koffi.view(pointer, byteLength),
    scratch,
    scratchPointer: Number(koffi.address(scratch)),
  };
}
