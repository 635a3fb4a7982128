/** The options of owners, checked before anything is done. */
import { isLocalhost } from '../../core/host-name.ts';
import { InvalidOptionError } from '../../errors/index.ts';
import type { HoldTarget, SocketAddressFamily } from '../../platform/port-kernel.ts';
import type { ClaimRequest } from '../claim/look.ts';
import { checkNames, checkPort, checkPorts, checkSignal, checkTimeout } from '../session/option-checks.ts';
import type { PoolSession } from '../session/pool-session.ts';
import { exactIndexOf } from './exact-port.ts';
import { GROUP_OPTION_NAMES, type GroupOptions, toGroupRequest } from './group-options.ts';

export type { SocketAddressFamily };

export interface TCPPortOwnerOptions {
  /**
   * Names or addresses of this machine on which the port must be free, at most 7 addresses in all; '' is every address.
   * Default: ['', 'localhost'].
   */
  hosts?: readonly string[] | undefined;
  /** Default: 'dual', both. */
  socketAddressFamily?: SocketAddressFamily | undefined;
  /**
   * Whether the kernel keeps the port from others until the server listens. Default: true. Switch it off for servers
   * that set neither SO_REUSEADDR nor SO_REUSEPORT, which could not listen on a held port.
   */
  hold?: boolean | undefined;
  /**
   * Default: ['tcp']. With 'udp' the port is also free for UDP on every address when it is claimed; nothing keeps it so, since
   * most UDP servers could not bind a port that is held. TCP is always guarded, whether it is listed or not.
   */
  transports?: readonly ('tcp' | 'udp')[] | undefined;
  /** Shown in diagnostics, at most 224 bytes. Fixtures set the test's title. */
  label?: string | undefined;
  /** Exactly this port, 1 to 65535, or a PortTakenError. Goes with neither of the two below. */
  port?: number | undefined;
  /** From 1 to 65535. Tried in this order, then any other. Those that are no server ports of the run are passed over. */
  preferredPorts?: Iterable<number> | undefined;
  /** From 1 to 65535. Never these, besides those that the run excludes. */
  excludedPorts?: Iterable<number> | undefined;
}

export interface AcquireOptions extends TCPPortOwnerOptions {
  /**
   * How long to wait for a free port: milliseconds from 0 to 2,147,483,647. Default: 30,000. Fixtures wait for at most four fifths
   * of the test's time-out.
   */
  acquireTimeoutMs?: number | undefined;
  /** Ends the wait with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** What is asked of several ports. With `consecutive` or `offsets` also `port` can be given. */
export interface AcquireManyOptions extends AcquireOptions, GroupOptions {}

const DEFAULT_HOSTS: readonly string[] = Object.freeze(['', 'localhost']);
/** What the default hosts mean: every address. */
const EVERYWHERE: HoldTarget = { addresses: 'everywhere' };
const DEFAULT_ACQUIRE_TIMEOUT_MS = 30_000;
export const OWNER_OPTION_NAMES: readonly (keyof TCPPortOwnerOptions)[] = [
  'hosts',
  'socketAddressFamily',
  'hold',
  'transports',
  'label',
  'port',
  'preferredPorts',
  'excludedPorts',
];
export const ACQUIRE_OPTION_NAMES: readonly (keyof AcquireOptions)[] = [
  ...OWNER_OPTION_NAMES,
  'acquireTimeoutMs',
  'signal',
];
const ACQUIRE_MANY_OPTION_NAMES: readonly string[] = [...ACQUIRE_OPTION_NAMES, ...GROUP_OPTION_NAMES];
const FAMILIES: readonly unknown[] = ['ipv4', 'ipv6', 'dual'];
const DEFAULT_TRANSPORTS: readonly unknown[] = Object.freeze(['tcp']);
const TRANSPORTS: readonly unknown[] = ['tcp', 'udp'];

export interface CheckedOptions {
  readonly hosts: readonly string[];
  readonly socketAddressFamily: SocketAddressFamily;
  readonly hold: boolean;
  readonly needsUDP: boolean;
  readonly label: string;
  readonly port: number | undefined;
  readonly preferredPorts: readonly number[];
  readonly excludedPorts: readonly number[];
  readonly acquireTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

const DEFAULTS: CheckedOptions = checkValues({});
const DEFAULT_REQUEST: ClaimRequest = {
  target: EVERYWHERE,
  hold: DEFAULTS.hold,
  needsUDP: DEFAULTS.needsUDP,
  label: DEFAULTS.label,
  exactIndex: undefined,
  preferredIndexes: [],
  excludedIndexes: new Set(),
  group: undefined,
};

/** @throws InvalidOptionError that names the option */
export function checkOwnerOptions(options?: TCPPortOwnerOptions): CheckedOptions {
  if (options === undefined) return DEFAULTS;
  checkNames(options, OWNER_OPTION_NAMES);
  return checkValues(options);
}

/** @throws InvalidOptionError that names the option */
export function checkAcquireOptions(options?: AcquireManyOptions): CheckedOptions {
  if (options === undefined) return DEFAULTS;
  checkNames(options, ACQUIRE_MANY_OPTION_NAMES);
  return checkValues(options);
}

function checkValues(options: AcquireOptions): CheckedOptions {
  const { hosts = DEFAULT_HOSTS, socketAddressFamily = 'dual', hold = true, label = '', signal } = options;
  const { acquireTimeoutMs = DEFAULT_ACQUIRE_TIMEOUT_MS, port, transports = DEFAULT_TRANSPORTS } = options;
  if (!isListOfNames(hosts)) {
    throw new InvalidOptionError({
      option: 'hosts',
      value: hosts,
      expected: "a list of host names or addresses, such as ['127.0.0.1']",
    });
  }
  if (!FAMILIES.includes(socketAddressFamily)) {
    throw new InvalidOptionError({
      option: 'socketAddressFamily',
      value: socketAddressFamily,
      expected: "'ipv4', 'ipv6' or 'dual'",
    });
  }
  if (typeof hold !== 'boolean')
    throw new InvalidOptionError({ option: 'hold', value: hold, expected: 'true or false' });
  if (typeof label !== 'string')
    throw new InvalidOptionError({ option: 'label', value: label, expected: 'a string' });
  checkTransports(transports);
  checkTimeout('acquireTimeoutMs', acquireTimeoutMs);
  checkSignal(signal);
  if (port !== undefined) checkExactPort(port, options);
  return {
    hosts: hosts === DEFAULT_HOSTS ? hosts : Object.freeze([...hosts]),
    socketAddressFamily,
    hold,
    needsUDP: transports.includes('udp'),
    label,
    port,
    preferredPorts: checkPorts('preferredPorts', options.preferredPorts),
    excludedPorts: checkPorts('excludedPorts', options.excludedPorts),
    acquireTimeoutMs,
    signal,
  };
}

function checkExactPort(port: number, { preferredPorts, excludedPorts }: AcquireOptions): void {
  checkPort(port);
  if (preferredPorts === undefined && excludedPorts === undefined) return;
  throw new InvalidOptionError({
    option: 'port',
    value: port,
    expected: 'either port, or preferredPorts and excludedPorts',
    problem: 'leaves no choice',
  });
}

function checkTransports(transports: unknown): asserts transports is readonly unknown[] {
  const isList = Array.isArray(transports) && transports.length > 0;
  if (isList && transports.every((transport) => TRANSPORTS.includes(transport))) return;
  throw new InvalidOptionError({
    option: 'transports',
    value: transports,
    expected: "['tcp'], or ['tcp', 'udp'] for a port that is free for UDP too",
  });
}

function isListOfNames(hosts: unknown): hosts is readonly string[] {
  return Array.isArray(hosts) && hosts.length > 0 && hosts.every((host) => typeof host === 'string');
}

/**
 * @param offsets of ports that belong together
 * @throws HostError; PortTakenError if the exact port is no server port of the pool; InvalidOptionError if the pool has no such group
 */
export function toRequest(
  session: PoolSession,
  options: CheckedOptions,
  offsets?: readonly number[],
): ClaimRequest {
  if (options === DEFAULTS) return DEFAULT_REQUEST;
  const { hosts, socketAddressFamily, hold, needsUDP, label, port, preferredPorts, excludedPorts } = options;
  const excludedIndexes = new Set(indexesOf(session, excludedPorts));
  const isDefault = hosts === DEFAULT_HOSTS && socketAddressFamily === 'dual';
  const request = {
    target: isDefault ? EVERYWHERE : session.kernel.holdTargetFor(hosts, socketAddressFamily),
    hold,
    needsUDP,
    label,
    excludedIndexes,
  };
  if (offsets !== undefined)
    return {
      ...request,
      exactIndex: undefined,
      preferredIndexes: [],
      group: toGroupRequest(session, offsets, options),
    };
  return {
    ...request,
    exactIndex: port === undefined ? undefined : exactIndexOf(session.segment, port),
    preferredIndexes: indexesOf(session, preferredPorts).filter((index) => !excludedIndexes.has(index)),
    group: undefined,
  };
}

function indexesOf({ segment }: PoolSession, ports: readonly number[]): number[] {
  return ports.flatMap((port) => segment.ports.indexOf(port) ?? []);
}

/** Where a server listens so that it is reached on the first of those hosts; undefined: on every address. */
export function hostToListen(hosts: readonly string[], family: SocketAddressFamily): string | undefined {
  if (hosts.includes('')) return { dual: undefined, ipv4: '0.0.0.0', ipv6: '::' }[family];
  const [first = ''] = hosts;
  // Node would ask the system's resolver, which knows no family, and not always a name under localhost.
  return isLocalhost(first) ? { dual: 'localhost', ipv4: '127.0.0.1', ipv6: '::1' }[family] : first;
}
