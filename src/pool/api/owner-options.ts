/** The options of owners, checked before anything is done. */
import { InvalidOptionError } from '../../errors/index.ts';
import type { HoldTarget, SocketAddressFamily } from '../../platform/port-kernel.ts';
import type { ClaimRequest } from '../claim/port-claim.ts';
import { checkNames, checkSignal, checkTimeout } from '../session/option-checks.ts';
import type { PoolSession } from '../session/pool-session.ts';

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
}

export interface AcquireOptions extends TCPPortOwnerOptions {
  /** How long to wait for a free port. Default: 30,000. Fixtures wait for at most a part of the test's time-out. */
  acquireTimeoutMs?: number | undefined;
  /** Ends the wait with the signal's reason. */
  signal?: AbortSignal | undefined;
}

const DEFAULT_HOSTS: readonly string[] = Object.freeze(['', 'localhost']);
/** What the default hosts mean: every address. */
const EVERYWHERE: HoldTarget = { exactAddresses: undefined };
const DEFAULT_ACQUIRE_TIMEOUT_MS = 30_000;
const OWNER_OPTION_NAMES: readonly string[] = ['hosts', 'socketAddressFamily', 'hold', 'label'];
const ACQUIRE_OPTION_NAMES: readonly string[] = [...OWNER_OPTION_NAMES, 'acquireTimeoutMs', 'signal'];
const FAMILIES: readonly unknown[] = ['ipv4', 'ipv6', 'dual'];

export interface CheckedOptions {
  readonly hosts: readonly string[];
  readonly socketAddressFamily: SocketAddressFamily;
  readonly hold: boolean;
  readonly label: string;
  readonly acquireTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

const DEFAULTS: CheckedOptions = checkValues({});
const DEFAULT_REQUEST: ClaimRequest = { target: EVERYWHERE, hold: DEFAULTS.hold, label: DEFAULTS.label };

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
  const { acquireTimeoutMs = DEFAULT_ACQUIRE_TIMEOUT_MS } = options;
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
  return {
    hosts: hosts === DEFAULT_HOSTS ? hosts : Object.freeze([...hosts]),
    socketAddressFamily,
    hold,
    label,
    acquireTimeoutMs,
    signal,
  };
}

function isListOfNames(hosts: unknown): hosts is readonly string[] {
  return Array.isArray(hosts) && hosts.length > 0 && hosts.every((host) => typeof host === 'string');
}

/** @throws HostError */
export function toRequest(session: PoolSession, options: CheckedOptions): ClaimRequest {
  if (options === DEFAULTS) return DEFAULT_REQUEST;
  const { hosts, socketAddressFamily, hold, label } = options;
  const isDefault = hosts === DEFAULT_HOSTS && socketAddressFamily === 'dual';
  return {
    target: isDefault ? EVERYWHERE : session.kernel.holdTargetFor(hosts, socketAddressFamily),
    hold,
    label,
  };
}

/** Where a server on those hosts is reached from this machine. */
export function hostToConnect(hosts: readonly string[]): string {
  const everywhere = ['', 'localhost', '0.0.0.0', '::'];
  return hosts.some((host) => everywhere.includes(host)) ? 'localhost' : (hosts[0] as string);
}
