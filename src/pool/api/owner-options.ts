/** The options of owners, checked before anything is done. */
import { InvalidOptionError, PortTakenError } from '../../errors/index.ts';
import type { HoldTarget, SocketAddressFamily } from '../../platform/port-kernel.ts';
import type { ClaimRequest } from '../claim/look.ts';
import { checkNames, checkPort, checkPorts, checkSignal, checkTimeout } from '../session/option-checks.ts';
import type { PoolSession } from '../session/pool-session.ts';
import { whyNoServerPort } from '../session/server-ports.ts';

export type { SocketAddressFamily };

export interface TCPPortOwnerOptions {
  /** Names or addresses of this machine on which the port must be free; '' is every address. Default: ['', 'localhost']. */
  hosts?: readonly string[] | undefined;
  /** Default: 'dual', both. */
  socketAddressFamily?: SocketAddressFamily | undefined;
  /**
   * Whether the kernel keeps the port from others until the server listens. Default: true. Switch it off for servers
   * that set neither SO_REUSEADDR nor SO_REUSEPORT, which could not listen on a held port.
   */
  hold?: boolean | undefined;
  /** Shown in diagnostics, at most 224 bytes. Fixtures set the test's title. */
  label?: string | undefined;
  /** Exactly this port, 1 to 65535, or a PortTakenError. Goes with neither of the two below. */
  port?: number | undefined;
  /** Tried in this order, then any other. Those that are no server ports of the run are passed over. */
  preferredPorts?: Iterable<number> | undefined;
  /** Never these, besides those that the run excludes. */
  excludedPorts?: Iterable<number> | undefined;
}

export interface AcquireOptions extends TCPPortOwnerOptions {
  /** How long to wait for a free port. Default: 30,000. Fixtures wait for at most a part of the test's time-out. */
  acquireTimeoutMs?: number | undefined;
  /** Ends the wait with the signal's reason. */
  signal?: AbortSignal | undefined;
}

const DEFAULT_HOSTS: readonly string[] = Object.freeze(['', 'localhost']);
/** What the default hosts mean: every address. */
const EVERYWHERE: HoldTarget = { addresses: 'everywhere' };
const DEFAULT_ACQUIRE_TIMEOUT_MS = 30_000;
const OWNER_OPTION_NAMES: readonly string[] = [
  'hosts',
  'socketAddressFamily',
  'hold',
  'label',
  'port',
  'preferredPorts',
  'excludedPorts',
];
const ACQUIRE_OPTION_NAMES: readonly string[] = [...OWNER_OPTION_NAMES, 'acquireTimeoutMs', 'signal'];
const FAMILIES: readonly unknown[] = ['ipv4', 'ipv6', 'dual'];

export interface CheckedOptions {
  readonly hosts: readonly string[];
  readonly socketAddressFamily: SocketAddressFamily;
  readonly hold: boolean;
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
  label: DEFAULTS.label,
  exactIndex: undefined,
  preferredIndexes: [],
  excludedIndexes: new Set(),
};

/** @throws InvalidOptionError that names the option */
export function checkOwnerOptions(options?: TCPPortOwnerOptions): CheckedOptions {
  if (options === undefined) return DEFAULTS;
  checkNames(options, OWNER_OPTION_NAMES);
  return checkValues(options);
}

/** @throws InvalidOptionError that names the option */
export function checkAcquireOptions(options?: AcquireOptions): CheckedOptions {
  if (options === undefined) return DEFAULTS;
  checkNames(options, ACQUIRE_OPTION_NAMES);
  return checkValues(options);
}

function checkValues(options: AcquireOptions): CheckedOptions {
  const { hosts = DEFAULT_HOSTS, socketAddressFamily = 'dual', hold = true, label = '', signal } = options;
  const { acquireTimeoutMs = DEFAULT_ACQUIRE_TIMEOUT_MS, port } = options;
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
  checkTimeout('acquireTimeoutMs', acquireTimeoutMs);
  checkSignal(signal);
  if (port !== undefined) checkExactPort(port, options);
  return {
    hosts: hosts === DEFAULT_HOSTS ? hosts : Object.freeze([...hosts]),
    socketAddressFamily,
    hold,
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

function isListOfNames(hosts: unknown): hosts is readonly string[] {
  return Array.isArray(hosts) && hosts.length > 0 && hosts.every((host) => typeof host === 'string');
}

/** @throws HostError, PortTakenError if the exact port is no server port of the pool */
export function toRequest(session: PoolSession, options: CheckedOptions): ClaimRequest {
  if (options === DEFAULTS) return DEFAULT_REQUEST;
  const { hosts, socketAddressFamily, hold, label, port, preferredPorts, excludedPorts } = options;
  const excludedIndexes = new Set(indexesOf(session, excludedPorts));
  const isDefault = hosts === DEFAULT_HOSTS && socketAddressFamily === 'dual';
  return {
    target: isDefault ? EVERYWHERE : session.kernel.holdTargetFor(hosts, socketAddressFamily),
    hold,
    label,
    exactIndex: port === undefined ? undefined : exactIndexOf(session, port),
    preferredIndexes: indexesOf(session, preferredPorts).filter((index) => !excludedIndexes.has(index)),
    excludedIndexes,
  };
}

function exactIndexOf(session: PoolSession, port: number): number {
  const index = session.segment.ports.indexOf(port);
  if (index !== undefined) return index;
  throw new PortTakenError({
    port,
    problem: `is no server port of this run: ${whyNoServerPort(port)}`,
    fix: "Name a port that 'ports' (PORTSLICE_PORTS) has, or change it",
  });
}

function indexesOf({ segment }: PoolSession, ports: readonly number[]): number[] {
  return ports.flatMap((port) => segment.ports.indexOf(port) ?? []);
}

/** Where a server listens so that it is reached on the first of those hosts; undefined: on every address. */
export function hostToListen(hosts: readonly string[], family: SocketAddressFamily): string | undefined {
  if (!hosts.includes('')) return hosts[0];
  return { dual: undefined, ipv4: '0.0.0.0', ipv6: '::' }[family];
}
