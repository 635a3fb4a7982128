/** Who has the locks of ports. For messages. */
import type { Process } from '../port-kernel.ts';
import {
  ERROR_FILE_NOT_FOUND,
  MUTANT_OWNER_INFORMATION,
  MUTANT_QUERY_STATE,
  MutantOwnerInformation,
} from './constants.ts';
import { lockName, readCount } from './lock.ts';
import { readCommand } from './processes.ts';
import { Scratch } from './scratch.ts';
import { type Win32, win32 } from './win32.ts';

/** Of another user's process nothing is known but that it has the lock. Ports that nobody has locked are not in the answer. */
export function findLockHolders(ports: readonly number[]): ReadonlyMap<number, Process> {
  const api = win32();
  return new Map(
    ports.flatMap((port) => {
      const holder = findHolder(api, lockName(port));
      if (holder === undefined) return [];
      const { processId } = holder;
      return [[port, processId === undefined ? {} : { processId, command: readCommand(processId) }] as const];
    }),
  );
}

/** @param name of the lock. @returns without its command; undefined: nobody has it */
export function findHolder(api: Win32, name: string): Process | undefined {
  const mutex = api.openMutex(MUTANT_QUERY_STATE, 0, name);
  if (mutex === 0) return api.lastError() === ERROR_FILE_NOT_FOUND ? undefined : {};
  try {
    // Somebody has a handle of it, but nobody the mutex.
    if (readCount(api, mutex) === 1) return undefined;
    return { processId: readOwner(api, mutex) };
  } finally {
    api.closeHandle(mutex);
  }
}

function readOwner(api: Win32, mutex: number): number | undefined {
  const { byteLength, processId } = MutantOwnerInformation;
  const result = api.scratchPointer + Scratch.structure;
  const status = api.queryMutant(mutex, MUTANT_OWNER_INFORMATION, result, byteLength, 0);
  if (status !== 0) return undefined;
  return Number(api.scratch.readBigUInt64LE(Scratch.structure + processId)) || undefined;
}
