/** What is explored: who does what on which pool, and what may befall them. */

/** A step of an actor's test, made of what its user calls; see replay.ts. */
export type Statement =
  /** Two looks for one port: the second believes nothing in the records. */
  | 'claim'
  /** Only such a second look. */
  | 'claim thoroughly'
  /** One look for two ports, all or none. */
  | 'claim two'
  /** Gives the oldest claim back, as `cleanup()` does. */
  | 'release'
  /** As after a failed test. */
  | 'release sealed'
  /** A server of the test listens on the oldest claim's port, in a process of its own. */
  | 'listen'
  /** Likewise in the actor's own process. */
  | 'listen here'
  | 'stop listening'
  /** The timer that looks whether others need our sealed ports. */
  | 'look for pressure';

export interface ActorPlan {
  readonly process: number;
  /** Its descriptors outlive it, as long as its process lives. */
  readonly isWorkerThread: boolean;
  /** The number by which the actor asks for its slice. */
  readonly slice: number;
  readonly hold: boolean;
  readonly statements: readonly Statement[];
}

/** What tells the systems apart for those who claim. */
export interface Abilities {
  /** 'beside binds' is a mistake: the hold has SO_REUSEADDR before its bind, and so succeeds beside others that have it. */
  readonly holds: 'strictly' | 'beside binds' | 'never';
  /** With a thread end its own locks, also where its process lives on. */
  readonly lockOwner: 'process' | 'thread';
}

export const LINUX: Abilities = { holds: 'strictly', lockOwner: 'process' };
export const MACOS: Abilities = { holds: 'never', lockOwner: 'process' };
export const WINDOWS: Abilities = { holds: 'never', lockOwner: 'thread' };

/** Who else has to do with the ports. */
export interface Outsiders {
  /** Once, a server that a test has started may listen late, while its port is being sealed. */
  readonly lateServer: boolean;
  /** One stranger, to whom the system may give a free port, on which he listens later. */
  readonly stranger: boolean;
  /** Earlier servers have left every port in TIME_WAIT, for some time. */
  readonly leftovers: boolean;
}

export interface Scenario extends Outsiders {
  readonly name: string;
  readonly abilities: Abilities;
  readonly portCount: number;
  readonly restMs: number;
  readonly actors: readonly ActorPlan[];
  /**
   * At once: with the process go its descriptors. Gradually: one descriptor after the other, while its number may still
   * or may no longer look alive.
   */
  readonly crash: 'never' | 'at once' | 'gradually';
  /** How many actors may crash. */
  readonly maxCrashes: number;
  /** Whether actors ask for the same slice, so that it is part of what is explored who has it. */
  readonly sharesSlices: boolean;
  /** Whether the pool's count of claims is part of what is explored. No other step depends on it. */
  readonly counts: boolean;
  /** Whether steps that concern nobody else are taken together with the one before; see explorer.ts. */
  readonly joinsQuietSteps: boolean;
}

/** Two slices have one port each if there are two ports: the last one, slice 0, and this one. */
export const FIRST_SLICE = 2;
