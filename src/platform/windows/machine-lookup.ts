/** Everything of portslice's that Windows shows to this session. Loaded by load-system.ts. */
import { isPortRange } from '../../core/port-range.ts';
import type { LockedPort, MachineLookup, MachineReading, ProcessDescription } from '../machine-lookup.ts';
import { SYNCHRONIZE, THREAD_QUERY_LIMITED_INFORMATION, WAIT_TIMEOUT } from './constants.ts';
import { isRunning } from './liveness.ts';
import { findHolder } from './lock-holders.ts';
import { lockName } from './lock.ts';
import { findMemories } from './memory.ts';
import { listObjectNames } from './object-names.ts';
import { readFolder } from './process-folder.ts';
import { findStart, readCommand } from './processes.ts';
import { findAllServedPorts } from './served-ports.ts';
import { readSockets } from './tcp-table.ts';
import { type Win32, win32 } from './win32.ts';

export const system: Partial<MachineLookup> = { readMachine, describeProcess, findProcessOfThread };

const LOCK = /^portslice-([1-9]\d{0,4})$/;

/** The locks of all sessions have names that everybody sees; the pools of another session cannot be found. */
function readMachine(): MachineReading {
  const api = win32();
  const locks = listObjectNames(api, 'Global').flatMap((name) => describeLock(api, name));
  const ports = new Set(locks.map(({ port }) => port));
  const listening =
    readSockets(api)?.filter(({ state, port }) => state === 'listening' && ports.has(port)) ?? [];
  return {
    memories: findMemories(api).map((locator) => ({ locator, holder: {} })),
    locks,
    showsAllLocks: true,
    servedPorts: findAllServedPorts(),
    listeners: listening.map(({ port, processId }) => ({ port, listener: { processId } })),
  };
}

/** None where somebody has a handle of the mutex, but nobody the mutex. */
function describeLock(api: Win32, name: string): LockedPort[] {
  const port = Number(LOCK.exec(name)?.[1]);
  if (!isPortRange(port, port)) return [];
  const holder = findHolder(api, lockName(port));
  return holder === undefined ? [] : [{ port, lockId: undefined, holder }];
}

/** The seconds between 1601, from which Windows counts, and 1970, times a thousand. */
const EPOCH_MS = 11_644_473_600_000;
const UNITS_PER_MS = 10_000;

function describeProcess(processId: number): ProcessDescription | undefined {
  if (!isRunning(processId)) return undefined;
  const start = findStart(processId);
  return {
    processId,
    innerProcessId: undefined,
    command: readCommand(processId),
    folder: readFolder(processId),
    userId: undefined,
    startedAtMs: start === undefined ? undefined : Math.round(start / UNITS_PER_MS - EPOCH_MS),
  };
}

function findProcessOfThread(threadId: number): number | undefined {
  const api = win32();
  const thread = api.openThread(SYNCHRONIZE | THREAD_QUERY_LIMITED_INFORMATION, 0, threadId);
  if (thread === 0) return undefined;
  const processId = api.waitForSingleObject(thread, 0) === WAIT_TIMEOUT ? api.processOfThread(thread) : 0;
  api.closeHandle(thread);
  return processId === 0 ? undefined : processId;
}
