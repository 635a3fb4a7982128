/** What the operating system shows of portslice on the whole machine, whoever it belongs to. Loaded when somebody looks at it. */
import { system as linux } from './linux/machine-lookup.ts';
import { loadLater } from './load-system.ts';
import { ofThisPlatform } from './platform.ts';
import type { Process, ServedPort } from './port-kernel.ts';

/** A process, for people. What the system does not tell is undefined. */
export interface ProcessDescription {
  readonly processId: number;
  /** Its number in the process namespace in which it runs; undefined: the same, or not known. */
  readonly innerProcessId: number | undefined;
  /** One line. */
  readonly command: string | undefined;
  /** Its working directory. */
  readonly folder: string | undefined;
  /** Undefined where users have no numbers. */
  readonly userId: number | undefined;
  /** In milliseconds since 1970. */
  readonly startedAtMs: number | undefined;
}

/** Memory that is announced, and by whom. */
export interface AnnouncedMemory {
  readonly locator: string;
  readonly holder: Process;
}

/** The lock of a port, and who has it. */
export interface LockedPort {
  readonly port: number;
  /** Of this very lock: who locks the port next has another one. Undefined where the system does not tell. */
  readonly lockId: string | undefined;
  readonly holder: Process;
}

/** Somebody who listens on a locked port. */
interface LockedPortListener {
  readonly port: number;
  readonly listener: Process;
}

/** What the system's own tables show at one moment. Of processes they have the number and the user; `describeProcess` has the rest. */
export interface MachineReading {
  readonly memories: readonly AnnouncedMemory[];
  readonly locks: readonly LockedPort[];
  /** False: there can be locks that the system does not show. */
  readonly showsAllLocks: boolean;
  /** Those that are proved to be of the process that they name. */
  readonly servedPorts: readonly ServedPort[];
  readonly listeners: readonly LockedPortListener[];
}

export interface MachineLookup {
  /** Of the machine or, on Linux, of this network namespace. Undefined where it is not known. */
  readMachine(): MachineReading | undefined;
  /** Undefined for a process that has ended or is hidden. */
  describeProcess(processId: number): ProcessDescription | undefined;
  /** The process of the thread that a record or slice names; undefined for one that has ended or is hidden. */
  findProcessOfThread(threadId: number): number | undefined;
  /** Undefined where the system does not tell it. */
  findUserName(userId: number): string | undefined;
}

const unknown = (): MachineLookup => ({
  readMachine: () => undefined,
  describeProcess: () => undefined,
  findProcessOfThread: () => undefined,
  findUserName: () => undefined,
});

export const machineLookup: MachineLookup = ofThisPlatform(
  {
    linux,
    darwin: loadLater('darwin/machine-lookup', unknown()),
    win32: loadLater('windows/machine-lookup', unknown()),
  },
  unknown,
);
