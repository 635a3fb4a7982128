/** What the system tells of processes: what is gone, hidden or another user's answers with nothing. */
import {
  CTL_KERN,
  KERN_PROC,
  KERN_PROC_PID,
  KERN_PROCARGS2,
  PROC_PIDT_SHORTBSDINFO,
  PROC_PIDUNIQIDENTIFIERINFO,
  PROC_PIDVNODEPATHINFO,
  ProcessFolders,
  ProcessIdentity as IdentityBytes,
  ProcessInfo,
  ProcessRecord,
} from './constants.ts';
import { libc } from './libc.ts';
import { parseArguments } from './process-arguments.ts';
import { Scratch, textAt } from './scratch.ts';

export interface ProcessIdentity {
  /** The system's own number of it, never used again. That of a later process is greater. */
  readonly uniqueId: number;
  /** Of the process that has started it, also when that has ended. */
  readonly parentUniqueId: number;
}

export interface ProcessFacts {
  readonly parentId: number;
  readonly userId: number;
  /** Of the program, at most 16 bytes of it. */
  readonly name: string;
}

/** Undefined of a process that has ended, also while its parent has not asked how. */
export function readProcessInfo(processId: number): ProcessFacts | undefined {
  const { proc_pidinfo: ask, scratch, scratchPointer } = libc();
  const at = Scratch.structure;
  if (ask(processId, PROC_PIDT_SHORTBSDINFO, 0, scratchPointer + at, ProcessInfo.bytes) !== ProcessInfo.bytes)
    return undefined;
  return {
    parentId: scratch.readUInt32LE(at + ProcessInfo.parentId),
    userId: scratch.readUInt32LE(at + ProcessInfo.userId),
    name: textAt(scratch, at + ProcessInfo.name, at + ProcessInfo.name + ProcessInfo.nameBytes),
  };
}

/** Its current directory. Undefined of another user's process, too. */
export function readFolder(processId: number): string | undefined {
  const { proc_pidinfo: ask, addressOf } = libc();
  const { bytes: byteLength, path, pathBytes } = ProcessFolders;
  // SAFETY: kept until the call has returned.
  const bytes = Buffer.allocUnsafeSlow(byteLength);
  if (ask(processId, PROC_PIDVNODEPATHINFO, 0, addressOf(bytes), byteLength) !== byteLength) return undefined;
  return textAt(bytes, path, path + pathBytes);
}

/** In milliseconds since 1970. */
export function readStartMs(processId: number): number | undefined {
  const record = readNumbered([CTL_KERN, KERN_PROC, KERN_PROC_PID, processId]);
  // Of one that has ended there are no bytes.
  if (record === undefined || record.length < ProcessRecord.bytes) return undefined;
  const seconds = Number(record.readBigInt64LE(ProcessRecord.startSeconds));
  return Math.round(seconds * 1000 + record.readInt32LE(ProcessRecord.startMicroseconds) / 1000);
}

/** @param which of those that have ended, one can be asked for while its parent has not looked yet */
export function readIdentity(
  processId: number,
  which: 'living' | 'or ended' = 'living',
): ProcessIdentity | undefined {
  const { proc_pidinfo: ask, scratch, scratchPointer } = libc();
  const at = Scratch.structure;
  const { bytes, uniqueId, parentUniqueId } = IdentityBytes;
  const isEndedToo = which === 'living' ? 0 : 1;
  const written = ask(processId, PROC_PIDUNIQIDENTIFIERINFO, isEndedToo, scratchPointer + at, bytes);
  if (written !== bytes) return undefined;
  return {
    uniqueId: Number(scratch.readBigUInt64LE(at + uniqueId)),
    parentUniqueId: Number(scratch.readBigUInt64LE(at + parentUniqueId)),
  };
}

/** The command line; of another user's process the program's name. */
export function readCommand(processId: number): string | undefined {
  const bytes = readStartingTexts(processId);
  // Arguments may have line breaks; messages are one line.
  const text = bytes && parseArguments(bytes)?.join(' ').replaceAll(/\s+/g, ' ').trim();
  return text === undefined || text === '' ? readProcessInfo(processId)?.name : text;
}

/** The environment that the process was started with. False where it is not told: of another user's process, or Apple's own programs. */
export function hasVariable(processId: number, name: string): boolean {
  return readStartingTexts(processId)?.includes(`\0${name}=`) === true;
}

/** Its path, arguments and environment; see process-arguments.ts. */
function readStartingTexts(processId: number): Buffer | undefined {
  return readNumbered([CTL_KERN, KERN_PROCARGS2, processId]);
}

function readNumbered(name: readonly number[]): Buffer | undefined {
  const { scratch, scratchPointer, sysctl } = libc();
  name.forEach((part, at) => scratch.writeInt32LE(part, Scratch.names + 4 * at));
  return readGrowing((value, length) =>
    sysctl(scratchPointer + Scratch.names, name.length, value, length, 0, 0),
  );
}

export function readNamed(name: string): Buffer | undefined {
  return readGrowing((value, length) => libc().sysctlbyname(name, value, length, 0, 0));
}

export function listProcesses(): number[] {
  const c = libc();
  // Some come while we ask.
  const bytes = Buffer.allocUnsafeSlow(4 * (c.proc_listallpids(0, 0) + 64));
  const count = c.proc_listallpids(c.addressOf(bytes), bytes.length);
  return Array.from({ length: Math.min(count, bytes.length / 4) }, (_, index) =>
    bytes.readInt32LE(4 * index),
  );
}

const MAX_TRIES = 4;

/** Asks for the size, then for the value, which can have grown meanwhile. */
function readGrowing(ask: (value: number, length: number) => number): Buffer | undefined {
  const { addressOf, scratch, scratchPointer } = libc();
  const length = scratchPointer + Scratch.length;
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    scratch.writeBigUInt64LE(0n, Scratch.length);
    if (ask(0, length) !== 0) return undefined;
    const bytes = Buffer.allocUnsafeSlow(Number(scratch.readBigUInt64LE(Scratch.length)) * 2 + 64);
    scratch.writeBigUInt64LE(BigInt(bytes.length), Scratch.length);
    if (ask(addressOf(bytes), length) === 0)
      return bytes.subarray(0, Number(scratch.readBigUInt64LE(Scratch.length)));
  }
  return undefined;
}
