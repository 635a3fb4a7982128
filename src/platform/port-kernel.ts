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

/** On which addresses a port is bound, or has to be free. */
export type BoundAddresses = 'everywhere' | readonly InternetAddress[];

/** Where a port has to be free. */
export interface HoldTarget {
  /** Bound one by one where every address together conflicts. */
  readonly addresses: BoundAddresses;
}

/** What was found of a claimed port, and what keeps it from everybody but servers that share it. */
export interface Hold {
  /** 'checked': the port was free when it was looked at, and nothing but its lock keeps it. */
  readonly kind: 'held' | 'checked';
  /** None if it was only checked. */
  readonly descriptors: readonly number[];
  readonly addresses: BoundAddresses;
}

/** Memory that the processes of a run share. */
export interface SharedMemory {
  readonly buffer: ArrayBuffer;
}

/** Shared memory in the thread that has created it. */
export interface CreatedMemory extends SharedMemory {
  /** Tells other processes where the memory is; see `attachMemory`. One line of printable ASCII. */
  readonly locator: string;
  /** From now on others who look for live pools find it. Call it when the memory is filled. */
  announce(): void;
  /** Takes the memory away from processes that have not attached yet. */
  close(): void;
}

/** What the OS tells of a process. */
export interface Process {
  readonly processId?: number | undefined;
  readonly command?: string | undefined;
  readonly userId?: number | undefined;
}

/** How a process has ended: exactly one of the two is known. */
export interface ProcessEnd {
  readonly exitCode: number | undefined;
  /** The signal's name, such as 'SIGKILL'. */
  readonly signal: string | undefined;
}

/** A process that has ended while one that it has started goes on. */
export interface EndedWrapper {
  /** Such as 'npm run dev'; undefined if that is not known. */
  readonly command: string | undefined;
}

/** A run port on which `portslice run` has a server that others of the same folder may use. */
export interface ServedPort {
  /** The id of the folder. */
  readonly folder: string;
  readonly name: string;
  readonly port: number;
  /** Of `portslice run`, from which the server descends. */
  readonly processId: number;
  /** False: the server is still starting. */
  readonly isReady: boolean;
}

/** A process that listens on a port, or has bound it for UDP. */
export interface Listener {
  /** Undefined where another user's processes cannot be looked into. */
  readonly processId: number | undefined;
  readonly command: string | undefined;
  /** Undefined where users have no numbers. */
  readonly userId: number | undefined;
}

/** A TCP socket that listens. */
export interface ListeningSocket {
  readonly port: number;
  /** As text, without brackets: '127.0.0.1', '::'. */
  readonly address: string;
  /** Of the socket, however many processes have it open. Never used again while the socket is open. */
  readonly socketId: string;
  /** Of the process that has opened it; undefined where users have no numbers. */
  readonly userId: number | undefined;
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
  /** Zeroed memory of exactly that size. */
  createMemory(byteLength: number): CreatedMemory;
  /**
   * Maps memory that another process, or this one, has created.
   * @param handle for errors
   * @throws PoolHandleError if the locator is none of this platform, PoolStaleError, PoolForeignError, PoolDamagedError
   */
  attachMemory(locator: string, handle: string): SharedMemory;
  /** A copy of such memory as it is now. @throws as `attachMemory` */
  copyMemory(locator: string): ArrayBuffer;
  /** The locators of all memory that is announced, as far as it can be seen from here. */
  findMemories(): string[];
  takeLock(port: number): number | undefined;
  /** Of all processes only one serves a name of a folder. @returns the descriptor that keeps it; undefined: another one does */
  takeServedName(folder: string, name: string): number | undefined;
  /** Lets others find it, until the descriptor is closed. @returns undefined: somebody squats on the name */
  announceServedPort(served: ServedPort): number | undefined;
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
  /**
   * Whether the port is free for UDP on every address at this moment: binds it without any option, and closes. Nothing is held,
   * since a server that sets no option, as most UDP servers do, could not bind the port then.
   */
  udpIsFree(port: number): boolean;
  /** Also true for a strict bind that does not listen, and for TIME_WAIT; `findListeners` is exact. */
  somethingListens(port: number, addresses: BoundAddresses): boolean;
  /** A cheaper probe that uses up the hold; close it next. */
  somethingListensBeside(hold: Hold): boolean;
  takeSeal(port: number, addresses: BoundAddresses): number[] | undefined;
  closeDescriptors(descriptors: readonly number[]): void;
  /** Closes what terminated threads of this process have left. */
  closeOrphans(): number;
  /** What this kernel does not keep of a hold's promises, in words; undefined: it keeps them. */
  findHoldProblem(): string | undefined;
  /** Which servers the lock is in the way of, in words; undefined: none. */
  findLockProblem(): string | undefined;
  hasIPv6(): boolean;
}

/** Look-ups for messages; they take milliseconds. Where the OS does not tell, they answer undefined, false or nothing. */
export interface ProcessLookup {
  /** Whether the thread of a record or slice is alive. A hint only: numbers are used again, and namespaces hide processes. */
  isAlive(threadId: number): boolean;
  /** As `isAlive`, but a process that has ended counts as ended even while its parent has not looked yet. */
  isRunning(processId: number): boolean;
  findListeners(port: number): Listener[] | undefined;
  /** Who has bound the port for UDP. */
  findUDPUsers(port: number): Listener[] | undefined;
  /** All ports on which anybody listens. */
  findListeningPorts(): ReadonlySet<number> | undefined;
  /** Where anybody listens on the port: '127.0.0.2:20123', '[::1]:20123'. */
  findAddressesOfPort(port: number): string[];
  /** Where the process and its descendants listen, on any port. */
  findAddressesOfProcess(processId: number): string[];
  /** Who has locked which of the ports. An empty answer for a port: somebody who cannot be seen from here. */
  findLockHolders(ports: readonly number[]): ReadonlyMap<number, Process>;
  /** Those of processes of this user that are proved to have announced them. */
  findServedPorts(folder: string, name: string): ServedPort[];
  /** Whether all that the OS knows of the port are connections in TIME_WAIT. */
  isOnlyInTimeWait(port: number): boolean;
  /** The process and the processes it descends from, nearest first. */
  findAncestors(processId: number): number[];
  /** Whether a child that one of the processes has just forked still has copies of its descriptors. */
  hasChildBeforeExec(processIds: ReadonlySet<number>): boolean;
  /** The user that the process runs as. */
  findUser(processId: number): number | undefined;
  /** How the process has ended, as long as its parent has not asked. */
  findEnd(processId: number): ProcessEnd | undefined;
  /** Which wrapper of the process (npm, a shell) has ended before it, if the process descends from this one no more. */
  findEndedWrapper(processId: number): EndedWrapper | undefined;
}

export interface Platform extends ProcessLookup {
  /** @throws EphemeralRangeError */
  readEphemeralRange(): EphemeralRangeReading;
  /** What the OS itself keeps from applications. */
  readExcludedRanges(): PortRange[];
  /** Whether a hold keeps a claimed port from ephemeral selection and strict binds. Told without the foreign function interface. */
  hasHolds(): boolean;
  /** Loads the foreign function interface. @throws ForeignFunctionError, UnsupportedPlatformError */
  openKernel(): PortKernel;
}
