/** What portslice asks of an operating system: types only. */
import type { PortRange } from '../core/port-range.ts';

export type SocketAddressFamily = 'ipv4' | 'ipv6' | 'dual';

/** An address that a TCP socket can be bound to. */
export interface InternetAddress {
  readonly family: 'ipv4' | 'ipv6';
  /** 4 or 16 bytes in network order. */
  readonly bytes: Uint8Array;
  readonly scopeId: number;
  /** For `ipv6`: the socket also serves IPv4. Only for the wildcard address. */
  readonly dual: boolean;
}

/** Where a port has to be free. */
export interface HoldTarget {
  /** Bound if every address together conflicts; undefined if every address is what was asked for. */
  readonly exactAddresses: readonly InternetAddress[] | undefined;
}

/** A port that is kept from everybody but servers that share it. */
export interface Hold {
  readonly descriptors: readonly number[];
  /** Undefined: every address. */
  readonly addresses: readonly InternetAddress[] | undefined;
}

export interface SharedMemory {
  readonly buffer: ArrayBuffer;
  /** By which other processes attach; undefined in a process that has only attached. */
  readonly descriptor: number | undefined;
  /** Takes the memory away from processes that have not attached yet. */
  close(): void;
}

/** A process that listens on a port. */
export interface Listener {
  /** Undefined where another user's processes cannot be looked into. */
  readonly processId: number | undefined;
  readonly command: string | undefined;
  readonly userId: number;
}

export interface EphemeralRangeReading {
  readonly range: PortRange;
  /** One sentence for the user if the range is a guess. */
  readonly warning?: string;
}

/** Kernel objects of ports. Descriptors are numbers; an answer of `undefined` means: someone else has it. */
export interface PortKernel {
  readonly threadId: number;
  /** Unpredictable bytes. */
  randomBytes(byteLength: number): Buffer;
  networkNamespace(): string;
  createMemory(byteLength: number): SharedMemory;
  /** @throws PoolStaleError, PoolForeignError */
  attachMemory(handle: string, processId: number, descriptor: number): SharedMemory;
  takeName(name: string): number | undefined;
  takeLock(port: number): number | undefined;
  /** @throws HostError */
  holdTargetFor(hosts: readonly string[], family: SocketAddressFamily): HoldTarget;
  /**
   * Binds every address strictly, whatever the target, and lets servers in only afterwards. Fails on any socket of the port, also on
   * one that is bound and does not listen yet, and on what earlier servers have left: that is no sign of a listener.
   */
  takeHold(port: number, target: HoldTarget): Hold | undefined;
  /**
   * For a port on which `takeHold` has just failed: passes over what earlier servers with SO_REUSEADDR have left, then narrows the
   * hold to the target's exact addresses. Does not see a stranger that is between its bind and its listen() on one of the
   * machine's addresses alone.
   */
  takeHoldOverLeftovers(port: number, target: HoldTarget): Hold | undefined;
  /** Binds without any option, and closes: a hold without descriptors. */
  checkStrictly(port: number, target: HoldTarget): Hold | undefined;
  /** True also for a socket that is bound without SO_REUSEADDR, and for its TIME_WAIT; `findListeners` tells exactly. */
  somethingListens(port: number, addresses: Hold['addresses']): boolean;
  /** As `somethingListens`, cheaper, for a hold with descriptors whose port is used no more: it may listen itself from then on. */
  somethingListensBeside(hold: Hold): boolean;
  takeSeal(port: number, addresses: Hold['addresses']): number[] | undefined;
  closeDescriptors(descriptors: readonly number[]): void;
  /** Closes what terminated threads of this process have left. */
  closeOrphans(): number;
  /** What this kernel does not keep of a hold's promises, in words; undefined: it keeps them. */
  findHoldProblem(): string | undefined;
  hasIPv6(): boolean;
}

/** Look-ups for messages; they take milliseconds. Where the OS does not tell, they answer undefined, false or nothing. */
export interface ProcessLookup {
  findListeners(port: number): Listener[] | undefined;
  /** Whether all that the OS knows of the port are connections in TIME_WAIT. */
  isOnlyInTimeWait(port: number): boolean;
  /** The process and the processes it descends from, nearest first. */
  findAncestors(processId: number): number[];
  /** Whether a child that the process has just forked still has copies of its descriptors. */
  hasChildBeforeExec(processId: number): boolean;
  /** The user that the process runs as. */
  findUser(processId: number): number | undefined;
}

export interface Platform extends ProcessLookup {
  /** @throws EphemeralRangeError */
  readEphemeralRange(): EphemeralRangeReading;
  /** What the OS itself keeps from applications. */
  readExcludedRanges(): PortRange[];
  /** Loads the foreign function interface. @throws ForeignFunctionError, UnsupportedPlatformError */
  openKernel(): PortKernel;
}
