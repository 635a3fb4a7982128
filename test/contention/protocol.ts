/** What a storm gives to its workers, and what they write into its log. */

/** Where a worker gets its ports from. */
export type AllocatorConfig =
  | {
      readonly kind: 'portslice';
      /** The URL of the package's entry, so that a test build can take its place. */
      readonly source: string;
      readonly hold?: boolean;
      /** Who finds no port at once waits for one; otherwise that is a refusal. */
      readonly waits?: boolean;
    }
  | { readonly kind: 'get-port'; readonly range?: readonly [from: number, to: number] }
  | { readonly kind: 'portfinder' }
  | { readonly kind: 'detect-port' }
  | { readonly kind: 'get-port-please' }
  | { readonly kind: 'kernel' };

export interface WorkerConfig {
  readonly logFile: string;
  readonly allocator: AllocatorConfig;
  readonly slots: number;
  readonly roundsPerSlot: number;
  /** A server starts 0 to this long after its port was allocated. */
  readonly maxDelayMs: number;
  readonly acquireTimeoutMs: number;
  /** Whose side of a connection stays in TIME_WAIT. */
  readonly closesFirst: 'server' | 'client';
  /** The servers of the last slot run in a process that knows nothing of portslice. */
  readonly usesServerProcess: boolean;
  /** The user that the process becomes. */
  readonly userId?: number | undefined;
}

export type EventKind =
  /** Written after the allocation returned, with its duration in milliseconds. */
  | 'allocated'
  /** Written by the server as soon as it listens. */
  | 'bound'
  /** Written by the server that could not listen, with the code. */
  | 'failed'
  /** Written with what answered on the port. */
  | 'answered'
  /** Written by the server just before it stops to listen. */
  | 'closing'
  /** Written just before the port is given back. */
  | 'releasing'
  /** The allocator gave no port; with its message. */
  | 'refused';

export interface StormEvent {
  /** Microseconds of the system's monotonic clock, which all processes share. */
  readonly atUs: number;
  /** Of the worker whose use it is, as the storm counts them. */
  readonly worker: number;
  /** Which use of a port this is about: process, slot and round. */
  readonly use: string;
  readonly kind: EventKind;
  readonly port: number;
  readonly detail?: string | number;
}
