/**
 * The few functions of Windows that portslice calls, and the scratch memory through which it passes them structures. As in
 * linux/libc.ts: what every claim needs is bound at once, the rest on its first call.
 * SAFETY: every pointer below lies in `scratch`, which lives as long as this object, in a buffer that lives as long as the call, or
 * comes from Windows. Koffi keeps the error code of the last call for the next one, which may be GetLastError.
 */
import { UnsupportedPlatformError } from '../../errors/index.ts';
import { bindLater, loadKoffi } from '../koffi.ts';
import { threadState } from '../thread-state.ts';

type Pointer = number;
/** A kernel object of this process, 0 for none; also INVALID_HANDLE_VALUE and INVALID_SOCKET. */
type Handle = number;

/** GetExtendedTcpTable and GetExtendedUdpTable. */
export type AskSocketTable = (
  table: Pointer,
  byteLength: Pointer,
  sorted: number,
  family: number,
  kind: number,
  reserved: number,
) => number;

export interface Win32 {
  readonly createMutex: (security: Pointer, owned: number, name: string) => Handle;
  readonly openMutex: (access: number, inherited: number, name: string) => Handle;
  readonly waitForSingleObject: (handle: Handle, timeoutMs: number) => number;
  readonly releaseMutex: (mutex: Handle) => number;
  readonly queryMutant: (
    mutex: Handle,
    kind: number,
    result: Pointer,
    byteLength: number,
    written: Pointer,
  ) => number;
  readonly closeHandle: (handle: Handle) => number;
  readonly lastError: () => number;
  readonly openSocket: (
    family: number,
    type: number,
    protocol: number,
    description: Pointer,
    group: number,
    flags: number,
  ) => Handle;
  readonly setSocketOption: (
    socket: Handle,
    level: number,
    option: number,
    value: Pointer,
    byteLength: number,
  ) => number;
  readonly bind: (socket: Handle, address: Pointer, byteLength: number) => number;
  readonly closeSocket: (socket: Handle) => number;
  readonly lastSocketError: () => number;
  readonly getAddressInfo: (node: string, service: null, hints: Pointer, result: Pointer) => number;
  readonly freeAddressInfo: (list: Pointer) => void;
  readonly createFileMapping: (
    file: Handle,
    security: Pointer,
    protection: number,
    byteLengthHigh: number,
    byteLengthLow: number,
    name: string,
  ) => Handle;
  readonly openFileMapping: (access: number, inherited: number, name: string) => Handle;
  readonly mapView: (
    mapping: Handle,
    access: number,
    offsetHigh: number,
    offsetLow: number,
    byteLength: number,
  ) => Pointer;
  readonly unmapView: (view: Pointer) => number;
  readonly queryMemory: (address: Pointer, result: Pointer, byteLength: number) => number;
  readonly copyMemory: (destination: Pointer, source: Pointer, byteLength: number) => void;
  readonly openThread: (access: number, inherited: number, threadId: number) => Handle;
  readonly openProcess: (access: number, inherited: number, processId: number) => Handle;
  readonly processOfThread: (thread: Handle) => number;
  readonly openDirectory: (handle: Pointer, access: number, attributes: Pointer) => number;
  readonly queryDirectory: (
    directory: Handle,
    entry: Pointer,
    byteLength: number,
    isSingle: number,
    isFirst: number,
    context: Pointer,
    written: Pointer,
  ) => number;
  readonly exitCodeOf: (process: Handle, result: Pointer) => number;
  readonly timesOf: (
    process: Handle,
    created: Pointer,
    ended: Pointer,
    kernel: Pointer,
    user: Pointer,
  ) => number;
  readonly queryProcess: (
    process: Handle,
    kind: number,
    result: Pointer,
    byteLength: number,
    written: Pointer,
  ) => number;
  readonly terminateProcess: (process: Handle, exitCode: number) => number;
  readonly createJob: (security: Pointer, name: null) => Handle;
  readonly setJobInformation: (job: Handle, kind: number, information: Pointer, byteLength: number) => number;
  readonly queryJob: (
    job: Handle,
    kind: number,
    result: Pointer,
    byteLength: number,
    written: Pointer,
  ) => number;
  readonly assignToJob: (job: Handle, process: Handle) => number;
  readonly terminateJob: (job: Handle, exitCode: number) => number;
  readonly moduleOf: (name: string) => Handle;
  readonly addressOf: (module: Handle, name: string) => Pointer;
  readonly registerWait: (
    wait: Pointer,
    object: Handle,
    callback: Pointer,
    argument: number,
    timeoutMs: number,
    flags: number,
  ) => number;
  readonly unregisterWait: (wait: Handle, completed: Handle) => number;
  readonly snapshot: (kind: number, processId: number) => Handle;
  readonly firstProcess: (snapshot: Handle, entry: Pointer) => number;
  readonly nextProcess: (snapshot: Handle, entry: Pointer) => number;
  readonly tcpTable: AskSocketTable;
  readonly udpTable: AskSocketTable;
  /** Of another process. */
  readonly readMemory: (
    process: Handle,
    from: Pointer,
    to: Pointer,
    byteLength: number,
    read: Pointer,
  ) => number;
  readonly randomBytes: (algorithm: Pointer, buffer: Pointer, byteLength: number, flags: number) => number;
  readonly threadId: number;
  readonly isMainThread: boolean;
  readonly view: (pointer: Pointer, byteLength: number) => ArrayBuffer;
  /** Zeroed memory that does not move, and where it is. */
  readonly allocate: (byteLength: number) => { readonly buffer: Buffer; readonly pointer: Pointer };
  /** Its parts are allotted in scratch.ts. */
  readonly scratch: Buffer;
  readonly scratchPointer: Pointer;
}

const SCRATCH_BYTES = 1024;

/** Those whose structures are as constants.ts has them. */
const KNOWN_PROCESSORS: readonly string[] = ['x64', 'arm64'];

/** Windows for this thread, bound on first use. @throws ForeignFunctionError, UnsupportedPlatformError */
export function win32(): Win32 {
  return threadState('win32', bindWin32);
}

function bindWin32(): Win32 {
  const target = `win32-${process.arch}`;
  if (!KNOWN_PROCESSORS.includes(process.arch))
    throw new UnsupportedPlatformError({ platform: target, capability: 'The allocation of ports' });
  const koffi = loadKoffi(target);
  // node.exe itself is linked to all of them.
  const kernel = koffi.load('kernel32.dll');
  const nt = koffi.load('ntdll.dll');
  const winsock = koffi.load('ws2_32.dll');
  const ipHelper = koffi.load('iphlpapi.dll');
  const cryptography = koffi.load('bcrypt.dll');
  const allocate: Win32['allocate'] = (byteLength) => {
    // A slow buffer has memory of its own outside of V8's heap, so its address is stable.
    const buffer = Buffer.allocUnsafeSlow(byteLength).fill(0);
    return { buffer, pointer: Number(koffi.address(buffer)) };
  };
  const scratch = allocate(SCRATCH_BYTES);
  return {
    createMutex: kernel.func('intptr_t CreateMutexW(uintptr_t, int, str16)'),
    openMutex: bindLater(kernel, 'intptr_t OpenMutexW(uint32_t, int, str16)'),
    waitForSingleObject: kernel.func('uint32_t WaitForSingleObject(intptr_t, uint32_t)'),
    releaseMutex: kernel.func('int ReleaseMutex(intptr_t)'),
    queryMutant: nt.func('int32_t NtQueryMutant(intptr_t, int, uintptr_t, uint32_t, uintptr_t)'),
    closeHandle: kernel.func('int CloseHandle(intptr_t)'),
    lastError: kernel.func('uint32_t GetLastError()'),
    openSocket: winsock.func('intptr_t WSASocketW(int, int, int, uintptr_t, uint32_t, uint32_t)'),
    setSocketOption: winsock.func('int setsockopt(intptr_t, int, int, uintptr_t, int)'),
    bind: winsock.func('int bind(intptr_t, uintptr_t, int)'),
    closeSocket: winsock.func('int closesocket(intptr_t)'),
    lastSocketError: winsock.func('int WSAGetLastError()'),
    getAddressInfo: bindLater(winsock, 'int GetAddrInfoW(str16, str16, uintptr_t, uintptr_t)'),
    freeAddressInfo: bindLater(winsock, 'void FreeAddrInfoW(uintptr_t)'),
    createFileMapping: kernel.func(
      'intptr_t CreateFileMappingW(intptr_t, uintptr_t, uint32_t, uint32_t, uint32_t, str16)',
    ),
    openFileMapping: kernel.func('intptr_t OpenFileMappingW(uint32_t, int, str16)'),
    mapView: kernel.func('uintptr_t MapViewOfFile(intptr_t, uint32_t, uint32_t, uint32_t, uintptr_t)'),
    unmapView: bindLater(kernel, 'int UnmapViewOfFile(uintptr_t)'),
    queryMemory: kernel.func('uintptr_t VirtualQuery(uintptr_t, uintptr_t, uintptr_t)'),
    copyMemory: bindLater(nt, 'void RtlMoveMemory(uintptr_t, uintptr_t, uintptr_t)'),
    openThread: bindLater(kernel, 'intptr_t OpenThread(uint32_t, int, uint32_t)'),
    openProcess: bindLater(kernel, 'intptr_t OpenProcess(uint32_t, int, uint32_t)'),
    processOfThread: bindLater(kernel, 'uint32_t GetProcessIdOfThread(intptr_t)'),
    openDirectory: bindLater(nt, 'int32_t NtOpenDirectoryObject(uintptr_t, uint32_t, uintptr_t)'),
    queryDirectory: bindLater(
      nt,
      'int32_t NtQueryDirectoryObject(intptr_t, uintptr_t, uint32_t, uint8_t, uint8_t, uintptr_t, uintptr_t)',
    ),
    exitCodeOf: bindLater(kernel, 'int GetExitCodeProcess(intptr_t, uintptr_t)'),
    timesOf: bindLater(kernel, 'int GetProcessTimes(intptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t)'),
    queryProcess: bindLater(
      nt,
      'int32_t NtQueryInformationProcess(intptr_t, int, uintptr_t, uint32_t, uintptr_t)',
    ),
    terminateProcess: bindLater(kernel, 'int TerminateProcess(intptr_t, uint32_t)'),
    createJob: bindLater(kernel, 'intptr_t CreateJobObjectW(uintptr_t, str16)'),
    setJobInformation: bindLater(kernel, 'int SetInformationJobObject(intptr_t, int, uintptr_t, uint32_t)'),
    queryJob: bindLater(
      kernel,
      'int QueryInformationJobObject(intptr_t, int, uintptr_t, uint32_t, uintptr_t)',
    ),
    assignToJob: bindLater(kernel, 'int AssignProcessToJobObject(intptr_t, intptr_t)'),
    terminateJob: bindLater(kernel, 'int TerminateJobObject(intptr_t, uint32_t)'),
    moduleOf: bindLater(kernel, 'intptr_t GetModuleHandleW(str16)'),
    addressOf: bindLater(kernel, 'uintptr_t GetProcAddress(intptr_t, str)'),
    registerWait: bindLater(
      kernel,
      'int RegisterWaitForSingleObject(uintptr_t, intptr_t, uintptr_t, uintptr_t, uint32_t, uint32_t)',
    ),
    unregisterWait: bindLater(kernel, 'int UnregisterWaitEx(intptr_t, intptr_t)'),
    snapshot: bindLater(kernel, 'intptr_t CreateToolhelp32Snapshot(uint32_t, uint32_t)'),
    firstProcess: bindLater(kernel, 'int Process32FirstW(intptr_t, uintptr_t)'),
    nextProcess: bindLater(kernel, 'int Process32NextW(intptr_t, uintptr_t)'),
    tcpTable: bindLater(
      ipHelper,
      'uint32_t GetExtendedTcpTable(uintptr_t, uintptr_t, int, uint32_t, int, uint32_t)',
    ),
    udpTable: bindLater(
      ipHelper,
      'uint32_t GetExtendedUdpTable(uintptr_t, uintptr_t, int, uint32_t, int, uint32_t)',
    ),
    readMemory: bindLater(
      kernel,
      'int ReadProcessMemory(intptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t)',
    ),
    randomBytes: bindLater(cryptography, 'int32_t BCryptGenRandom(uintptr_t, uintptr_t, uint32_t, uint32_t)'),
    threadId: (kernel.func('uint32_t GetCurrentThreadId()') as () => number)(),
    isMainThread: process.getBuiltinModule('node:worker_threads').isMainThread,
    view: (pointer, byteLength) => koffi.view(BigInt(pointer), byteLength),
    allocate,
    scratch: scratch.buffer,
    scratchPointer: scratch.pointer,
  };
}
