/** The options of the wait for a server, checked before anything is done. */
import { isHostName } from '../../core/host-name.ts';
import { hostToConnect } from '../../core/server-url.ts';
import { InvalidOptionError } from '../../errors/index.ts';
import { monotonicMs } from '../../platform/clock.ts';
import { findOwnClaim } from '../session/open-sessions.ts';
import { checkInteger, checkNames, checkPort, checkSignal, checkTimeout } from '../session/option-checks.ts';
import { PART_OF_TEST_TIMEOUT } from '../session/port-claim.ts';
import type { TCPPortOwner } from './tcp-port-owner.ts';

export interface WaitForListeningOptions {
  /** Where to connect. Default: the owner's host, else 'localhost'. */
  host?: string | undefined;
  /**
   * Milliseconds from 0 to 2,147,483,647. Default: 30,000; on the port of a fixture at most four fifths of the time that its
   * test has left.
   */
  timeoutMs?: number | undefined;
  /** Ends the wait with the signal's reason. */
  signal?: AbortSignal | undefined;
  /**
   * Process id of the server. The wait fails when that process ends, and only it or a process it has started may listen.
   * An explicit undefined, as from a child process that could not be started, is an error.
   */
  pid?: number | undefined;
  /** The server as Node's ChildProcess, in place of `pid`: then an early end is told with its exit code or signal. */
  process?: ServerProcess | undefined;
}

/** What is used of a ChildProcess. */
export interface ServerProcess {
  readonly pid?: number | undefined;
  readonly exitCode: number | null;
  /** The name of the signal that has ended it. */
  readonly signalCode: string | null;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** Windows has numbers of 32 bits; Linux and macOS have smaller ones. */
const MAX_PROCESS_ID = 2 ** 32 - 1;

/** What is waited for. */
export interface WaitTarget {
  readonly port: number;
  readonly host: string;
  /** 0: either. */
  readonly family: 0 | 4 | 6;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly processId: number | undefined;
  /** Which has that number, if we were given more than the number. */
  readonly process: ServerProcess | undefined;
}

export function checkTarget(port: number | TCPPortOwner, options: WaitForListeningOptions): WaitTarget {
  checkNames(options, ['host', 'timeoutMs', 'signal', 'pid', 'process']);
  const { signal, process } = options;
  // An owner is known by what it has: it can come from another copy of this module.
  const owner = typeof port === 'object' ? (port as TCPPortOwner | null) : undefined;
  const portNumber = owner?.port ?? port;
  checkPort(portNumber);
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs(portNumber);
  checkTimeout('timeoutMs', timeoutMs);
  checkSignal(signal);
  const processId = checkProcess(options);
  const host = options.host ?? hostToConnect(owner?.hosts ?? ['localhost']);
  checkHost(host);
  const family = options.host === undefined ? FAMILIES[owner?.socketAddressFamily ?? 'dual'] : 0;
  return { port: portNumber, host, family, timeoutMs, signal, processId, process };
}

/** An owner has its port in that family only: a stranger can have it in the other one. */
const FAMILIES = { dual: 0, ipv4: 4, ipv6: 6 } as const;

function checkHost(host: unknown): void {
  if (typeof host === 'string' && (isHostName(host) || process.getBuiltinModule('node:net').isIP(host) !== 0))
    return;
  const expected = 'the name of a host, or its whole address, without protocol, port, path or brackets';
  throw new InvalidOptionError({ option: 'host', value: host, expected });
}

/** @returns the process id; undefined if no process was named */
function checkProcess(options: WaitForListeningOptions): number | undefined {
  const { pid, process: child } = options;
  if (child === undefined && !('pid' in options)) return undefined;
  if (child !== undefined && pid !== undefined) {
    const expected = 'pid or process, not both';
    throw new InvalidOptionError({ option: 'pid', value: pid, expected, problem: 'is given beside process' });
  }
  if (child === null || (child !== undefined && typeof child !== 'object')) {
    throw new InvalidOptionError({ option: 'process', value: child, expected: 'a ChildProcess of Node' });
  }
  const processId = child === undefined ? pid : child.pid;
  if (processId === undefined) throw neverStarted(child === undefined ? 'pid' : 'process.pid');
  checkInteger(child === undefined ? 'pid' : 'process.pid', processId, 1, MAX_PROCESS_ID);
  return processId;
}

function neverStarted(option: string): InvalidOptionError {
  return new InvalidOptionError({
    option,
    value: undefined,
    problem: "is undefined: the program could not be started, and its 'error' event has the reason",
    expected: 'the process id of the server, or no such option',
  });
}

function defaultTimeoutMs(port: number): number {
  const { testEndsAtMs } = findOwnClaim(port) ?? {};
  if (testEndsAtMs === undefined) return DEFAULT_TIMEOUT_MS;
  return Math.min(DEFAULT_TIMEOUT_MS, Math.max(1, (testEndsAtMs - monotonicMs()) * PART_OF_TEST_TIMEOUT));
}
