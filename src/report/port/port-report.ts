/**
 * What is known of a port of this machine: what `portslice who --json` prints. Types only. `schemas/who.schema.json` says the same for
 * other programs. What the operating system does not tell is undefined, which JSON leaves out.
 */
import type { PortRange } from '../../core/port-range.ts';
import type { PortStateName } from '../../core/port-state.ts';
import type { Redirection, SocketPeer, SocketState } from '../../platform/port-inspector.ts';
import type { ProcessStatus } from '../status/machine-status.ts';

/** Raise it whenever a reader of the old format would misread the new one. */
export const WHO_VERSION = 1;

export interface WhoReport {
  readonly version: typeof WHO_VERSION;
  /** From which clients get their ports; undefined: not known. */
  readonly ephemeralRange: PortRange | undefined;
  /** Ascending. */
  readonly ports: readonly PortReport[];
}

export interface PortReport {
  readonly port: number;
  /** Whether a server would not get it now, or not its connections. What only lingers (TIME_WAIT) does not count, nor does UDP. */
  readonly isTaken: boolean;
  readonly place: PortPlace;
  /** Who has portslice's lock of it; undefined: nobody. */
  readonly holder: PortHolderReport | undefined;
  /** Sockets that listen. Undefined: not known. */
  readonly listeners: readonly ListenerReport[] | undefined;
  /** Sockets that neither listen nor are connected, but those of the holder, by which it keeps the port. Undefined: not known. */
  readonly bound: readonly SocketReport[] | undefined;
  readonly connections: readonly ConnectionsReport[] | undefined;
  readonly udp: readonly SocketReport[] | undefined;
  readonly redirections: readonly RedirectionReport[];
  /** Whether the rules of the kernel by which packets are redirected could be read. */
  readonly seesRedirectionRules: boolean;
  /** It cannot be bound, but the system does not tell what is in the way. */
  readonly isTakenUnseen: boolean;
}

/** Connections to the port that are led elsewhere. */
export interface RedirectionReport extends Omit<Redirection, 'port' | 'processId'> {
  /** By which, if it is a process and no rule of the kernel's. */
  readonly process: ProcessStatus | undefined;
}

/** Where the port lies among those of this machine. */
export interface PortPlace {
  /** Whether tests may be given it. */
  readonly isServerPort: boolean;
  readonly isEphemeral: boolean;
  /** Below 1024. */
  readonly isPrivileged: boolean;
  /** Whether it is one of the WHATWG's bad ports, to which neither browsers nor `fetch` connect. */
  readonly isRefusedByBrowsers: boolean;
  readonly isExcludedBySystem: boolean;
  /** Whether PORTSLICE_EXCLUDED_PORTS has it. */
  readonly isExcludedByUser: boolean;
  /** What has named the server ports, such as 'PORTSLICE_PORTS', where that leaves it out. */
  readonly isLeftOutBy: string | undefined;
}

export interface PortHolderReport {
  /** Without a number: another user's, or of another container. */
  readonly process: ProcessStatus;
  /** What its pool says of it; undefined: that cannot be read. */
  readonly claim: ClaimReport | undefined;
}

export interface ClaimReport {
  readonly state: Exclude<PortStateName, 'free'>;
  /** The title of the test, or what else the port is for; '': none was given. */
  readonly label: string;
  /** For which it was claimed. 0 is the run's own, each worker has one of the others. */
  readonly slice: number;
  /** Milliseconds since 1970. */
  readonly claimedAtMs: number;
  /** 128 bits in hexadecimal. */
  readonly runId: string;
  /** Which has made the pool. */
  readonly runProcess: ProcessStatus;
}

export interface SocketReport {
  /** Without brackets: '127.0.0.1', '::'. */
  readonly address: string;
  /** Where it is connected; of UDP. */
  readonly peer: SocketPeer | undefined;
  /** Those that have it open. Where they cannot be seen it is one without a number, whose user may be known. */
  readonly processes: readonly ProcessStatus[];
}

export interface ListenerReport extends SocketReport {
  /**
   * Whether one of its processes is the holder, or was started by it. False also of the holder's server if what has started it has ended.
   * Undefined: nobody has the port, or it is not known.
   */
  readonly isOfHolder: boolean | undefined;
}

/** Connections that have the port at this machine's end, of the same kind and the same processes. */
export interface ConnectionsReport {
  /**
   * 'server': of a server that listens, or did. 'client': the port is that of a client, which keeps every server away. 'lingering': its
   * process has closed it, and the kernel keeps it for up to a minute, away from servers that do not set SO_REUSEADDR.
   */
  readonly kind: 'server' | 'client' | 'lingering';
  readonly state: SocketState;
  readonly count: number;
  /** Some of the other ends. */
  readonly peers: readonly SocketPeer[];
  /** As above; none: there are none any more. */
  readonly processes: readonly ProcessStatus[];
}
