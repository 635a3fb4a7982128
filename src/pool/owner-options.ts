/** The options of owners, checked before anything is done. */
import { InvalidOptionError } from '../errors.ts';
import type { SocketAddressFamily } from '../platform/port-kernel.ts';
import type { PoolSession } from './pool-session.ts';
import type { ClaimRequest } from './port-claim.ts';

export type { SocketAddressFamily };

export interface TCPPortOwnerOptions {
  /** Names or addresses of this machine on which the port must be free; '' is every address. Default: ['', 'localhost']. */
  hosts?: readonly string[];
  /** Default: 'dual', both. */
  socketAddressFamily?: SocketAddressFamily;
  /**
   * Whether the kernel keeps the port from others until the server listens. Default: true. Switch it off for servers
   * that set neither SO_REUSEADDR nor SO_REUSEPORT, which could not listen on a held port.
   */
  hold?: boolean;
  /** Shown in diagnostics, at most 224 bytes. Fixtures set the test's title. */
  label?: string;
}

export interface AcquireOptions extends TCPPortOwnerOptions {
  /** How long to wait for a free port. Default: 30,000. */
  acquireTimeoutMs?: number;
  /** Ends the wait with the signal's reason. */
  signal?: AbortSignal;
}

const DEFAULT_HOSTS: readonly string[] = Object.freeze(['', 'localhost']);
const DEFAULT_ACQUIRE_TIMEOUT_MS = 30_000;
/** The longest that Node's timers can wait. */
export const MAX_TIMEOUT_MS: number = 2 ** 31 - 1;

const FAMILIES: readonly unknown[] = ['ipv4', 'ipv6', 'dual'];
const OPTION_NAMES = new Set(['hosts', 'socketAddressFamily', 'hold', 'label', 'acquireTimeoutMs', 'signal']);

export interface CheckedOptions {
  readonly hosts: readonly string[];
  readonly socketAddressFamily: SocketAddressFamily;
  readonly hold: boolean;
  readonly label: string;
  readonly acquireTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** @throws InvalidOptionError that names the option */
export function checkOptions(options: AcquireOptions = {}): CheckedOptions {
  if (typeof options !== 'object' || options === null)
    throw new InvalidOptionError('options', options, 'an object');
  for (const name of Object.keys(options)) {
    if (!OPTION_NAMES.has(name))
      throw new InvalidOptionError('options', name, `one of ${[...OPTION_NAMES].join(', ')}`);
  }
  const { hosts = DEFAULT_HOSTS, socketAddressFamily = 'dual', hold = true, label = '', signal } = options;
  const { acquireTimeoutMs = DEFAULT_ACQUIRE_TIMEOUT_MS } = options;
  if (!isListOfNames(hosts)) {
    throw new InvalidOptionError('hosts', hosts, "a list of host names or addresses, such as ['127.0.0.1']");
  }
  if (!FAMILIES.includes(socketAddressFamily)) {
    throw new InvalidOptionError('socketAddressFamily', socketAddressFamily, "'ipv4', 'ipv6' or 'dual'");
  }
  if (typeof hold !== 'boolean') throw new InvalidOptionError('hold', hold, 'true or false');
  if (typeof label !== 'string') throw new InvalidOptionError('label', label, 'a string');
  checkTimeout('acquireTimeoutMs', acquireTimeoutMs);
  checkSignal(signal);
  return {
    hosts: Object.freeze([...hosts]),
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

export function checkTimeout(name: string, timeoutMs: unknown): void {
  if (typeof timeoutMs === 'number' && timeoutMs >= 0 && timeoutMs <= MAX_TIMEOUT_MS) return;
  throw new InvalidOptionError(name, timeoutMs, `milliseconds from 0 to ${MAX_TIMEOUT_MS}`);
}

/** Not by instanceof: a signal may come from another realm. */
export function checkSignal(signal: unknown): void {
  if (signal === undefined) return;
  if (typeof (signal as AbortSignal | null)?.aborted !== 'boolean')
    throw new InvalidOptionError('signal', signal, 'an AbortSignal');
}

/** @throws HostError */
export function toRequest(session: PoolSession, options: CheckedOptions): ClaimRequest {
  const { hosts, socketAddressFamily, hold, label } = options;
  return { target: session.kernel.holdTargetFor(hosts, socketAddressFamily), hold, label };
}
