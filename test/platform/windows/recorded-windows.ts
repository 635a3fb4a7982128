/**
 * Windows as its documentation has it, for what Wine does not show: answers in bytes of the documented structures, written down apart
 * from constants.ts. Of processes and sockets it knows what a test has told it.
 */
import { threadState } from '../../../src/platform/thread-state.ts';
import type { Win32 } from '../../../src/platform/windows/win32.ts';

export interface RecordedProcess {
  readonly id: number;
  readonly parent: number;
  /** FILETIME. */
  readonly start: number;
}

export interface RecordedSocket {
  readonly address: readonly number[];
  readonly port: number;
  readonly owner: number;
}

export interface RecordedWindows extends Disposable {
  processes: RecordedProcess[];
  sockets: RecordedSocket[];
  /** Members of the only job, by their numbers. */
  readonly job: Set<number>;
  /** Who has which mutex; undefined: Windows does not tell. */
  readonly mutexes: Map<string, number | undefined>;
  /** What is in which section. */
  readonly sections: Map<string, Buffer>;
  /** Called before a process is put into the job. */
  beforeAssignment: (processId: number) => void;
}

const ERROR_FILE_NOT_FOUND = 2;
const ERROR_INVALID_HANDLE = 6;
const ERROR_INSUFFICIENT_BUFFER = 122;
const ERROR_MORE_DATA = 234;
const STATUS_ACCESS_DENIED = 0xc000_0022 | 0;
const JOB = 4;
const SNAPSHOT = 8;
const FIRST_NAMED_HANDLE = 0x100;
/** So that the handle of a process is never another one. */
const FIRST_PROCESS_HANDLE = 0x1_0000;

/** From now on this thread runs on it, on any system. */
export function recordWindows(): RecordedWindows {
  const memory = new Memory();
  let lastError = 0;
  let walked = 0;
  let isJobOpen = false;
  const windows: RecordedWindows = {
    processes: [],
    sockets: [],
    job: new Set(),
    mutexes: new Map(),
    sections: new Map(),
    beforeAssignment: () => undefined,
    [Symbol.dispose]: forget,
  };
  const fail = (code: number): number => {
    lastError = code;
    return 0;
  };
  const endJob = (): number => {
    windows.processes = windows.processes.filter(({ id }) => !windows.job.has(id));
    windows.job.clear();
    return 1;
  };
  const openByName = (objects: ReadonlyMap<string, unknown>, name: string): number =>
    objects.has(name) ? FIRST_NAMED_HANDLE + [...objects.keys()].indexOf(name) : fail(ERROR_FILE_NOT_FOUND);
  const writeEntry = (pointer: number): number => {
    const process = windows.processes[walked++];
    if (process === undefined) return 0;
    const entry = memory.at(pointer);
    entry.writeUInt32LE(process.id, 8);
    entry.writeUInt32LE(process.parent, 32);
    return 1;
  };
  const api: Partial<Win32> = {
    isMainThread: true,
    ...memory.scratch(),
    allocate: (byteLength) => memory.allocate(byteLength),
    lastError: () => lastError,
    closeHandle: (handle) => {
      if (handle !== JOB) return 1;
      if (!isJobOpen) throw new Error('The job is closed twice.');
      isJobOpen = false;
      return endJob();
    },
    openProcess: (_access, _inherited, id) =>
      windows.processes.some((process) => process.id === id) ? FIRST_PROCESS_HANDLE + id : 0,
    waitForSingleObject: () => 258,
    timesOf: (handle, created) => {
      const process = windows.processes.find(({ id }) => id === handle - FIRST_PROCESS_HANDLE);
      memory.at(created).writeBigUInt64LE(BigInt(process?.start ?? 0));
      return 1;
    },
    // Of their commands it knows nothing.
    queryProcess: () => STATUS_ACCESS_DENIED,
    snapshot: () => {
      walked = 0;
      return SNAPSHOT;
    },
    firstProcess: (_snapshot, entry) => writeEntry(entry),
    nextProcess: (_snapshot, entry) => writeEntry(entry),
    tcpTable: (table, byteLength, _sorted, family) => {
      const bytes = family === 2 ? ipv4Table(windows.sockets) : ipv6Table(windows.sockets);
      const there = memory.at(byteLength).readUInt32LE();
      memory.at(byteLength).writeUInt32LE(bytes.length);
      if (there < bytes.length) return ERROR_INSUFFICIENT_BUFFER;
      bytes.copy(memory.at(table));
      return 0;
    },
    openMutex: (_access, _inherited, name) => openByName(windows.mutexes, name),
    queryMutant: (mutex, kind, result) => {
      const owner = [...windows.mutexes.values()][mutex - FIRST_NAMED_HANDLE];
      if (kind === 1 && owner === undefined) return STATUS_ACCESS_DENIED;
      memory.at(result).writeInt32LE(kind === 0 ? 0 : (owner as number));
      return 0;
    },
    openFileMapping: (_access, _inherited, name) => openByName(windows.sections, name),
    mapView: (section) => {
      const { buffer, pointer } = memory.allocate(4096);
      [...windows.sections.values()][section - FIRST_NAMED_HANDLE]?.copy(buffer);
      return pointer;
    },
    unmapView: () => 1,
    copyMemory: (target, source, byteLength) => {
      memory.at(source).copy(memory.at(target), 0, 0, byteLength);
    },
    createJob: () => {
      isJobOpen = true;
      return JOB;
    },
    setJobInformation: () => 1,
    assignToJob: (_job, handle) => {
      const id = handle - FIRST_PROCESS_HANDLE;
      windows.beforeAssignment(id);
      windows.job.add(id);
      return 1;
    },
    terminateJob: () => (isJobOpen ? endJob() : fail(ERROR_INVALID_HANDLE)),
    queryJob: (_job, _kind, result, byteLength) => {
      if (!isJobOpen) return fail(ERROR_INVALID_HANDLE);
      const list = processIdList([...windows.job]);
      if (byteLength < list.length) return fail(ERROR_MORE_DATA);
      list.copy(memory.at(result));
      return 1;
    },
  };
  threadState('win32', () => api);
  return windows;
}

/** Buffers under numbers that no real address has. */
class Memory {
  readonly #buffers = new Map<number, Buffer>();
  #next = 0x1000;

  allocate(byteLength: number): { readonly buffer: Buffer; readonly pointer: number } {
    const buffer = Buffer.alloc(byteLength);
    const pointer = this.#next;
    this.#buffers.set(pointer, buffer);
    this.#next += byteLength + 0x1000;
    return { buffer, pointer };
  }

  scratch(): Pick<Win32, 'scratch' | 'scratchPointer'> {
    const { buffer, pointer } = this.allocate(1024);
    return { scratch: buffer, scratchPointer: pointer };
  }

  at(pointer: number): Buffer {
    for (const [start, buffer] of this.#buffers)
      if (pointer >= start && pointer < start + buffer.length) return buffer.subarray(pointer - start);
    throw new Error(`Nobody has allocated ${pointer}.`);
  }
}

/** struct JOBOBJECT_BASIC_PROCESS_ID_LIST */
export function processIdList(ids: readonly number[]): Buffer {
  const list = Buffer.alloc(8 + 8 * ids.length);
  list.writeUInt32LE(ids.length, 0);
  list.writeUInt32LE(ids.length, 4);
  ids.forEach((id, index) => list.writeBigUInt64LE(BigInt(id), 8 + 8 * index));
  return list;
}

/** struct MIB_TCPTABLE_OWNER_PID, of class TCP_TABLE_OWNER_PID_LISTENER */
function ipv4Table(sockets: readonly RecordedSocket[]): Buffer {
  const rows = sockets.filter(({ address }) => address.length === 4);
  return tableOf(rows, 24, (row, { address, port, owner }) => {
    row.writeUInt32LE(2, 0);
    row.set(address, 4);
    row.writeUInt16BE(port, 8);
    row.writeUInt32LE(owner, 20);
  });
}

/** struct MIB_TCP6TABLE_OWNER_PID */
function ipv6Table(sockets: readonly RecordedSocket[]): Buffer {
  const rows = sockets.filter(({ address }) => address.length === 16);
  return tableOf(rows, 56, (row, { address, port, owner }) => {
    row.set(address, 0);
    row.writeUInt16BE(port, 20);
    row.writeUInt32LE(2, 48);
    row.writeUInt32LE(owner, 52);
  });
}

function tableOf(
  sockets: readonly RecordedSocket[],
  rowBytes: number,
  write: (row: Buffer, socket: RecordedSocket) => void,
): Buffer {
  const table = Buffer.alloc(4 + rowBytes * sockets.length);
  table.writeUInt32LE(sockets.length);
  sockets.forEach((socket, index) => write(table.subarray(4 + rowBytes * index), socket));
  return table;
}

function forget(): void {
  // What thread-state.ts keeps.
  const states = (process as unknown as Record<symbol, Map<string, unknown> | undefined>)[
    Symbol.for('portslice/thread-state/3')
  ];
  if (states?.delete('win32') !== true) throw new Error('Threads keep their state elsewhere by now.');
}
