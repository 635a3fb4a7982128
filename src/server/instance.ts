/** One start of a server, whatever the server is: types only. */
import type { Listener } from '../platform/port-kernel.ts';
import type { ServerEnd } from './server.ts';

/** Why a server is not ended. */
export interface StopFailure {
  /** In words. */
  readonly problem: string;
  /** What to do, as sentences. */
  readonly fix: string;
  readonly cause?: unknown;
}

export interface InstanceStop {
  /** Undefined: it is ended. */
  readonly failure: StopFailure | undefined;
  /** Whether processes were killed that had not ended in time. */
  readonly wasKilled: boolean;
}

export interface Instance {
  /** Undefined for one in this process. */
  readonly processId: number | undefined;
  readonly startedAtMs: number;
  /** Resolves when it has done what can be waited for before it listens; rejects if that has failed. */
  readonly begun: Promise<void>;
  /** When it has ended; never rejects. */
  readonly ended: Promise<ServerEnd>;
  /** What the system does not keep of what is promised, in words, and what to do; undefined: it keeps everything. */
  readonly problem: string | undefined;
  /** Whether such an end is none of the server, but of a launcher that has done its work. */
  survives(end: ServerEnd): boolean;
  /** Whether all of the sockets are open in its processes. */
  owns(socketIds: readonly string[]): boolean;
  /** Whether a process that listens is one of it, as far as can be told. */
  includes(listener: Listener): boolean;
  /** The ids of all sockets of its processes. */
  listSockets(): string[];
  stop(graceMs: number): Promise<InstanceStop>;
  /** Until it ends: somebody waits for that. */
  keepProcessAlive(): void;
  /** Synchronously and without grace, since this process ends. */
  kill(): void;
}
