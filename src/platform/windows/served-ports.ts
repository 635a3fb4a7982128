/**
 * Run ports that `portslice run` serves, as named objects, which end with their process:
 *
 *   Global\portslice-name-<folder>-<name>              a mutex: one process serves the name
 *   Local\portslice-served-<folder>-<name>-<state>     memory: on which port, by which process
 *
 * Memory is found in the same session only: elsewhere it takes a privilege. Whoever looks for a served port believes it only where
 * the process has the mutex, was started when it says, and is one that we may end, and so of the same user.
 */
import { HIGHEST_PORT, LOWEST_PORT } from '../../core/port-range.ts';
import type { ServedPort } from '../port-kernel.ts';
import { threadState } from '../thread-state.ts';
import {
  ERROR_ACCESS_DENIED,
  ERROR_INVALID_HANDLE,
  FILE_MAP_READ_WRITE,
  INVALID_HANDLE_VALUE,
  PAGE_READWRITE,
  PROCESS_QUERY_LIMITED_INFORMATION,
  PROCESS_TERMINATE,
  ServedRecord,
  SYNCHRONIZE,
  WAIT_TIMEOUT,
} from './constants.ts';
import { windowsError } from './errno.ts';
import { findHolder } from './lock-holders.ts';
import { takeName } from './lock.ts';
import { mapView } from './named-memory.ts';
import { listObjectNames } from './object-names.ts';
import { findStart, readStart, withProcess } from './processes.ts';
import { Scratch } from './scratch.ts';
import { closeDescriptor, openRecorded } from './thread-descriptors.ts';
import { type Win32, win32 } from './win32.ts';

type State = 'ready' | 'starting';

const STATES: readonly State[] = ['starting', 'ready'];

interface Served {
  readonly port: number;
  readonly processId: number;
  readonly processStart: number;
}

/** @returns the descriptor, or undefined if another process serves it */
export function takeServedName(api: Win32, folder: string, name: string): number | undefined {
  return takeName(api, mutexName(folder, name));
}

/** @returns the descriptor, or undefined if the name is squatted */
export function announceServedPort(api: Win32, served: ServedPort): number | undefined {
  const { folder, name, port, processId, isReady } = served;
  const memory = memoryName(folder, name, isReady ? 'ready' : 'starting');
  const record = formatRecord({ port, processId, processStart: findStart(processId) ?? 0 });
  const { byteLength } = record;
  const descriptor = openRecorded(
    api,
    () => -api.createFileMapping(INVALID_HANDLE_VALUE, 0, PAGE_READWRITE, 0, byteLength, memory),
  );
  if (descriptor === 0) {
    const code = api.lastError();
    if (code === ERROR_ACCESS_DENIED || code === ERROR_INVALID_HANDLE) return undefined;
    throw windowsError(`CreateFileMappingW(${memory})`, code);
  }
  announcements().add(descriptor);
  withView(api, -descriptor, (view) => {
    api.scratch.set(record, Scratch.structure);
    api.copyMemory(view, api.scratchPointer + Scratch.structure, byteLength);
  });
  return descriptor;
}

/** Nobody owns it, as a lock is owned. @returns false: it is none of this thread's announcements */
export function closeAnnouncement(api: Win32, descriptor: number): boolean {
  if (!announcements().delete(descriptor)) return false;
  closeDescriptor(api, descriptor);
  return true;
}

export function findServedPorts(folder: string, name: string): ServedPort[] {
  const holder = findHolder(win32(), mutexName(folder, name));
  if (holder === undefined) return [];
  return STATES.flatMap((state) => {
    const served = readServed(win32(), memoryName(folder, name, state));
    if (served === undefined || !isProved(served)) return [];
    const { port, processId } = served;
    // Wine does not tell whose a mutex is.
    if ((holder.processId ?? processId) !== processId) return [];
    return [{ folder, name, port, processId, isReady: state === 'ready' }];
  });
}

const SERVED = /^portslice-served-([0-9a-f]+)-([a-z][a-z0-9_]*)-(?:starting|ready)$/;

/** Of every folder and name. */
export function findAllServedPorts(): ServedPort[] {
  const keys = new Set(
    listObjectNames(win32(), 'Local').flatMap((object) => {
      const [, folder, name] = SERVED.exec(object) ?? [];
      return folder === undefined ? [] : [`${folder} ${name}`];
    }),
  );
  return [...keys].flatMap((key) => findServedPorts(...(key.split(' ') as [folder: string, name: string])));
}

export function formatRecord({ port, processId, processStart }: Served): Buffer {
  const record = Buffer.alloc(ServedRecord.byteLength);
  record.writeUInt32LE(port, ServedRecord.port);
  record.writeUInt32LE(processId, ServedRecord.processId);
  record.writeBigUInt64LE(BigInt(processStart), ServedRecord.processStart);
  return record;
}

/** @returns undefined for what has not been written yet, or is none of ours */
export function parseRecord(record: Buffer): Served | undefined {
  const port = record.readUInt32LE(ServedRecord.port);
  const processId = record.readUInt32LE(ServedRecord.processId);
  if (port < LOWEST_PORT || port > HIGHEST_PORT || processId === 0) return undefined;
  return { port, processId, processStart: Number(record.readBigUInt64LE(ServedRecord.processStart)) };
}

/** The descriptors of this thread that are some. */
function announcements(): Set<number> {
  return threadState('served-announcements', () => new Set<number>());
}

function mutexName(folder: string, name: string): string {
  return `Global\\portslice-name-${folder}-${name}`;
}

function memoryName(folder: string, name: string, state: State): string {
  return `Local\\portslice-served-${folder}-${name}-${state}`;
}

function readServed(api: Win32, memory: string): Served | undefined {
  const mapping = api.openFileMapping(FILE_MAP_READ_WRITE, 0, memory);
  if (mapping === 0) return undefined;
  try {
    return withView(api, mapping, (view) => {
      const at = Scratch.structure;
      const { byteLength } = ServedRecord;
      api.copyMemory(api.scratchPointer + at, view, byteLength);
      return parseRecord(api.scratch.subarray(at, at + byteLength));
    });
  } finally {
    api.closeHandle(mapping);
  }
}

function withView<T>(api: Win32, mapping: number, use: (view: number) => T): T {
  const view = mapView(api, mapping);
  try {
    return use(view);
  } finally {
    api.unmapView(view);
  }
}

function isProved({ processId, processStart }: Served): boolean {
  const access = PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_TERMINATE | SYNCHRONIZE;
  const isSame = withProcess(
    processId,
    access,
    (handle, api) =>
      readStart(handle, api) === processStart && api.waitForSingleObject(handle, 0) === WAIT_TIMEOUT,
  );
  return isSame === true;
}
