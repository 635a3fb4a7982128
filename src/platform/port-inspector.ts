/** What the operating system tells people of a port beyond what an allocation needs: all of its sockets, whose they are, and what redirects it. Loaded when somebody asks. */
import { system as linux } from './linux/port-inspector.ts';
import { loadLater } from './load-system.ts';
import { ofThisPlatform } from './platform.ts';

/** `bound`: neither listening nor connected. `connecting` and `closing`: in any of the states before and after `connected`. */
export type SocketState = 'listening' | 'bound' | 'connecting' | 'connected' | 'closing' | 'time-wait';

/** The address of the other end. */
export interface SocketPeer {
  /** As text, without brackets: '127.0.0.1', '::1'. */
  readonly address: string;
  readonly port: number;
}

/** A socket whose own port is the one that was asked for. */
export interface PortSocket {
  readonly port: number;
  readonly state: SocketState;
  /** As text, without brackets: '127.0.0.1', '::'. */
  readonly address: string;
  /** Undefined if it has none. */
  readonly peer: SocketPeer | undefined;
  /** Of the process that has opened it; undefined where users have no numbers. */
  readonly userId: number | undefined;
  /** Those that have it open, as far as that can be seen. A connection that its process has closed belongs to none. */
  readonly processIds: readonly number[];
}

export interface PortSockets {
  /** Undefined where the OS does not tell. */
  readonly tcp: readonly PortSocket[] | undefined;
  /** Whether `tcp` has sockets that are only bound. */
  readonly tellsBound: boolean;
  /** Undefined where the OS does not tell. */
  readonly udp: readonly PortSocket[] | undefined;
}

/** Connections to a port of this machine that something leads elsewhere. */
export interface Redirection {
  readonly port: number;
  /** Whether it is of Docker or another container engine, as far as that shows. */
  readonly isOfContainers: boolean;
  /** The program that leads them there, such as 'docker-proxy', or the command that shows the rule: 'iptables', 'nftables'. */
  readonly by: string;
  /** Of a program; undefined: a rule of the kernel's. */
  readonly processId: number | undefined;
  /** Such as '172.17.0.2:80'; undefined: not known. */
  readonly target: string | undefined;
}

export interface Redirections {
  readonly found: readonly Redirection[];
  /** Whether the rules of the kernel, which redirect packets whatever listens, could be read. */
  readonly seesRules: boolean;
}

export interface PortInspector {
  /** The sockets of all of the ports, in no order. */
  findSockets(ports: ReadonlySet<number>): PortSockets;
  findRedirections(ports: ReadonlySet<number>): Redirections;
}

const unknown = (): PortInspector => ({
  findSockets: () => ({ tcp: undefined, tellsBound: false, udp: undefined }),
  findRedirections: () => ({ found: [], seesRules: false }),
});

export const portInspector: PortInspector = ofThisPlatform(
  {
    linux,
    darwin: loadLater('darwin/port-inspector', unknown()),
    win32: loadLater('windows/port-inspector', unknown()),
  },
  unknown,
);
