/** What there is of portslice on a machine at one moment. `portslice status --json` prints it as it is: schemas/status.schema.json. */
import type { PortStateName } from '../../core/port-state.ts';
import type { RunnerName } from './runner-name.ts';

/** Raised when a reader of the former one would misread it. */
export const STATUS_VERSION = 1;

/** A process. What the system does not tell is undefined, and missing in JSON. */
export interface ProcessStatus {
  readonly processId?: number | undefined;
  readonly userId?: number | undefined;
  readonly userName?: string | undefined;
  /** One line. */
  readonly command?: string | undefined;
  /** Its working directory. */
  readonly folder?: string | undefined;
  /** In milliseconds since 1970, as all times here. */
  readonly startedAtMs?: number | undefined;
}

export interface PortStatus {
  readonly port: number;
  readonly state: Exclude<PortStateName, 'free'>;
  /** What it is used for, mostly the title of the test; '': nobody has said it. */
  readonly label: string;
  readonly claimedAtMs: number;
  /** Who listens on it: the server. */
  readonly listeners: readonly ProcessStatus[];
}

/** A thread that has a slice of the pool or a port of it. Most workers are processes with one such thread. */
export interface WorkerStatus {
  /** From 1 on, as the runners' workers; 0 is the run's own: the main process, and what tests start. */
  readonly slice: number;
  readonly process: ProcessStatus;
  /** As the pool's records have it. */
  readonly threadId: number;
  /** False: the thread has ended, and its process has not given its ports back yet. Undefined: not known. */
  readonly isAlive?: boolean | undefined;
  readonly ports: readonly PortStatus[];
}

/** A port that `portslice run` serves under a name. */
export interface ServedName {
  readonly name: string;
  readonly port: number;
  /** False: the server is still starting. */
  readonly isReady: boolean;
}

/** What a pool has counted since its start. */
export interface PoolCounts {
  readonly claims: number;
  readonly peakPorts: number;
  readonly borrowedPorts: number;
  readonly waits: number;
  readonly leaks: number;
}

/** A pool that could be read. */
export interface ReadablePool {
  readonly isReadable: true;
  readonly runId: string;
  readonly runner: RunnerName;
  /** Of one thread, outside of a run. */
  readonly isPrivate: boolean;
  /** The process that has made it. */
  readonly process: ProcessStatus;
  readonly startedAtMs: number;
  readonly portCount: number;
  readonly counts: PoolCounts;
  readonly workers: readonly WorkerStatus[];
  readonly servedNames: readonly ServedName[];
}

/** A pool of another user, or of another version of portslice. Its ports are among `otherLocks`. */
interface UnreadablePool {
  readonly isReadable: false;
  readonly runner: RunnerName | undefined;
  readonly process: ProcessStatus;
  /** Why it cannot be read. */
  readonly problem: string;
}

export type PoolStatus = ReadablePool | UnreadablePool;

/** Ports that are locked by a process whose pool cannot be read. */
export interface OtherLocks {
  readonly process: ProcessStatus;
  readonly ports: readonly { readonly port: number; readonly listeners: readonly ProcessStatus[] }[];
}

export interface StatusTotals {
  readonly pools: number;
  readonly unreadablePools: number;
  readonly workers: number;
  /** Handed out: claimed, held, or about to be free. */
  readonly heldPorts: number;
  readonly sealedPorts: number;
  readonly otherLockedPorts: number;
}

export interface MachineStatus {
  readonly version: typeof STATUS_VERSION;
  readonly readAtMs: number;
  /** Ports belong to it: two of the same number in two namespaces have nothing to do with each other. */
  readonly networkNamespace: string;
  readonly pools: readonly PoolStatus[];
  readonly otherLocks: readonly OtherLocks[];
  /** False: there can be locks that the system does not show. */
  readonly showsAllLocks: boolean;
  readonly totals: StatusTotals;
}
