/** What the processes of a storm say to each other, and what they write into its log. */

/** Where a worker gets its ports from. */
export type AllocatorConfig =
  /** `source`: the URL of the package's entry, so that a test build can take its place. */
  | { readonly kind: 'portslice'; readonly source: string; readonly hold?: boolean }
  | { readonly kind: 'get-port'; readonly range?: readonly [from: number, to: number] }
  | { readonly kind: 'portfinder' }
  | { readonly kind: 'detect-port' }
  | { readonly kind: 'get-port-please' }
  | { readonly kind: 'kernel' };

/** The only argument of a worker, as JSON. */
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
}

/** From the storm to a worker. */
export type Order =
  | { readonly kind: 'go' }
  | { readonly kind: 'hold'; readonly count: number }
  | { readonly kind: 'release' };

/** From a worker to the storm. */
export type Report =
  | { readonly kind: 'ready' }
  /** Half of the rounds are over. */
  | { readonly kind: 'midway' }
  /** How many sockets the worker had open before its first round and has open after its last. */
  | { readonly kind: 'finished'; readonly socketsBefore: number; readonly socketsAfter: number }
  | { readonly kind: 'holding' }
  | { readonly kind: 'released' };

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
  | 'refused'
  /** Written by a stranger after the system gave him a port, and just before he gives it back. */
  | 'strangerTook'
  | 'strangerLeaves';

export interface StormEvent {
  /** Microseconds of the system's monotonic clock, which all processes share. */
  readonly atUs: number;
  /** Of the process that wrote the event. */
  readonly processId: number;
  /** Which use of a port this is about: process, slot and round. */
  readonly use: string;
  readonly kind: EventKind;
  readonly port: number;
  readonly detail?: string | number;
}
