/**
 * Every error that portslice throws. One base class, a literal `code` for programs, readonly facts, and a
 * message that says what happened, with which values, and what to do. Each code has an entry in docs/errors.md.
 */

export type PortsliceErrorCode =
  | 'PORTSLICE_INVALID_OPTION'
  | 'PORTSLICE_PORT_SPEC'
  | 'PORTSLICE_EPHEMERAL_RANGE'
  | 'PORTSLICE_POOL_HANDLE'
  | 'PORTSLICE_POOL_STALE'
  | 'PORTSLICE_POOL_FOREIGN'
  | 'PORTSLICE_POOL_DAMAGED'
  | 'PORTSLICE_POOL_CLOSED'
  | 'PORTSLICE_POOL_EXHAUSTED'
  | 'PORTSLICE_TEST_ENDED'
  | 'PORTSLICE_HOST'
  | 'PORTSLICE_RESOURCE_LIMIT'
  | 'PORTSLICE_PERMISSION'
  | 'PORTSLICE_SYSTEM_CALL'
  | 'PORTSLICE_FFI_UNAVAILABLE'
  | 'PORTSLICE_UNSUPPORTED_PLATFORM'
  | 'PORTSLICE_WAIT_TIMEOUT'
  | 'PORTSLICE_SERVER_EXITED'
  | 'PORTSLICE_FOREIGN_LISTENER'
  | 'PORTSLICE_NO_TEST';

/** Base of all errors of this package. Test `error.code`, which also holds across realms and package copies. */
export abstract class PortsliceError extends Error {
  abstract readonly code: PortsliceErrorCode;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** An argument of the public API has the wrong type or is out of its range. Thrown before anything is done. */
export class InvalidOptionError extends PortsliceError {
  readonly code = 'PORTSLICE_INVALID_OPTION';
  readonly option: string;
  readonly value: unknown;

  constructor(option: string, value: unknown, expected: string, problem = `is ${describeValue(value)}`) {
    super(`${option} ${problem}; expected ${expected}.`);
    this.option = option;
    this.value = value;
  }
}

/** A specification of server ports (environment variable, file or option) cannot be used. */
export class PortSpecError extends PortsliceError {
  readonly code = 'PORTSLICE_PORT_SPEC';
  /** The variable, option or file that holds the specification. */
  readonly source: string;
  /** One-based line, for files. */
  readonly line: number | undefined;
  readonly token: string | undefined;

  constructor(facts: {
    source: string;
    line?: number;
    token?: string;
    problem: string;
    fix: string;
    cause?: unknown;
  }) {
    const place = facts.line === undefined ? facts.source : `${facts.source}, line ${facts.line}`;
    const token = facts.token === undefined ? '' : ` '${facts.token}'`;
    super(`${place}:${token} ${facts.problem}. ${facts.fix}.`, { cause: facts.cause });
    this.source = facts.source;
    this.line = facts.line;
    this.token = facts.token;
  }
}

/** The OS's ephemeral port range cannot be read or makes no sense. */
export class EphemeralRangeError extends PortsliceError {
  readonly code = 'PORTSLICE_EPHEMERAL_RANGE';
  /** The file or command that was read. */
  readonly source: string;
  readonly text: string | undefined;

  constructor(facts: { source: string; text?: string; problem: string; cause?: unknown }) {
    const shown = facts.text === undefined ? '' : ` (${describeValue(facts.text)})`;
    super(
      `Cannot tell the ephemeral port range from ${facts.source}: ${facts.problem}${shown}. ` +
        'Set PORTSLICE_PORTS (for example 20000-29999) or PORTSLICE_PORTS_FILE to name the server ports yourself.',
      { cause: facts.cause },
    );
    this.source = facts.source;
    this.text = facts.text;
  }
}

const REMEDY_FOR_HANDLE =
  'Let the global setup of the run publish PORTSLICE_POOL, or unset it to use a private pool.';

/** The value of PORTSLICE_POOL (or the argument of `PortPool.attach`) is missing or is not a handle. */
export class PoolHandleError extends PortsliceError {
  readonly code = 'PORTSLICE_POOL_HANDLE';
  readonly handle: string | undefined;

  constructor(handle: string | undefined, problem: string) {
    super(`The pool handle ${describeValue(handle)} cannot be used: ${problem}. ${REMEDY_FOR_HANDLE}`);
    this.handle = handle;
  }
}

/** The pool that the handle names is gone: its process has ended or has closed it. */
export class PoolStaleError extends PortsliceError {
  readonly code = 'PORTSLICE_POOL_STALE';
  readonly handle: string;

  constructor(handle: string, problem: string, cause?: unknown) {
    super(`The pool of handle '${handle}' is gone: ${problem}. ${REMEDY_FOR_HANDLE}`, { cause });
    this.handle = handle;
  }
}

/** The pool exists but is not usable from here: it is another user's or of another network namespace. */
export class PoolForeignError extends PortsliceError {
  readonly code = 'PORTSLICE_POOL_FOREIGN';
  readonly handle: string;

  constructor(handle: string, problem: string, cause?: unknown) {
    super(
      `The pool of handle '${handle}' cannot be used from this process: ${problem}. ${REMEDY_FOR_HANDLE}`,
      { cause },
    );
    this.handle = handle;
  }
}

/** The shared memory does not hold what its handle promises. */
export class PoolDamagedError extends PortsliceError {
  readonly code = 'PORTSLICE_POOL_DAMAGED';
  readonly handle: string;

  constructor(handle: string, problem: string) {
    super(`The shared memory of pool '${handle}' is damaged: ${problem}. Start the run again.`);
    this.handle = handle;
  }
}

/** A method of a pool was called after `close()`. */
export class PoolClosedError extends PortsliceError {
  readonly code = 'PORTSLICE_POOL_CLOSED';

  constructor() {
    super(
      'This port pool was closed in this process. Allocate before the global teardown, or create a new pool.',
    );
  }
}

/** Who holds a port, as far as the pool knows. */
export interface PortHolder {
  readonly port: number;
  readonly label: string;
  readonly processId: number;
  readonly ageMs: number;
  readonly sealed: boolean;
}

export interface ExhaustionFacts {
  /** The number of ports that were asked for together. */
  readonly wantedPortCount: number;
  readonly poolPortCount: number;
  readonly holders: readonly PortHolder[];
  readonly lockedByOtherRuns: number;
  readonly listenedOnByStrangers: number;
  readonly sealedPortCount: number;
  readonly waitedMs: number;
}

/** Not enough ports are free in the whole pool. Lists who holds which. */
export class PortPoolExhaustedError extends PortsliceError {
  readonly code = 'PORTSLICE_POOL_EXHAUSTED';
  readonly facts: ExhaustionFacts;

  constructor(facts: ExhaustionFacts) {
    super(describeExhaustion(facts));
    this.facts = facts;
  }
}

/** A test that has ended (timed out, say) still asks its fixtures for ports. */
export class TestEndedError extends PortsliceError {
  readonly code = 'PORTSLICE_TEST_ENDED';
  readonly label: string;

  constructor(label: string) {
    super(
      `'${label}' has ended, its ports are released and it gets no more. ` +
        'Await everything that the test starts, or raise its time-out.',
    );
    this.label = label;
  }
}

/** A host does not resolve, is not an address of this machine, or the hosts resolve to too many addresses. */
export class HostError extends PortsliceError {
  readonly code = 'PORTSLICE_HOST';
  readonly host: string;

  constructor(host: string, problem: string, fix: string) {
    super(`Host '${host}' ${problem}. ${fix}.`);
    this.host = host;
  }
}

/** The process or the system is out of descriptors or of memory for sockets. */
export class ResourceLimitError extends PortsliceError {
  readonly code = 'PORTSLICE_RESOURCE_LIMIT';
  /** The name of the errno, such as 'EMFILE'. */
  readonly errnoName: string;
  readonly systemCall: string;

  constructor(systemCall: string, errnoName: string, limit: string) {
    super(
      `${systemCall} failed with ${errnoName}: ${limit}. An owner needs two descriptors while it lives: ` +
        'raise the limit (ulimit -n), release owners sooner, or run fewer tests at once.',
    );
    this.systemCall = systemCall;
    this.errnoName = errnoName;
  }
}

/** The system denies a call that portslice needs. */
export class PermissionError extends PortsliceError {
  readonly code = 'PORTSLICE_PERMISSION';
  readonly errnoName: string;
  readonly systemCall: string;
  readonly port: number | undefined;

  constructor(systemCall: string, errnoName: string, fix: string, port?: number) {
    const place = port === undefined ? '' : ` on port ${port}`;
    super(`${systemCall}${place} was denied with ${errnoName}. ${fix}.`);
    this.systemCall = systemCall;
    this.errnoName = errnoName;
    this.port = port;
  }
}

/** A system call failed in a way that portslice has no remedy for. */
export class SystemCallError extends PortsliceError {
  readonly code = 'PORTSLICE_SYSTEM_CALL';
  readonly systemCall: string;
  readonly errno: number;
  readonly errnoName: string;

  constructor(systemCall: string, errno: number, errnoName: string) {
    super(
      `${systemCall} failed with ${errnoName} (errno ${errno}). Please report this with the output of uname -a.`,
    );
    this.systemCall = systemCall;
    this.errno = errno;
    this.errnoName = errnoName;
  }
}

/** koffi, through which the C library is called, cannot be loaded. */
export class ForeignFunctionError extends PortsliceError {
  readonly code = 'PORTSLICE_FFI_UNAVAILABLE';

  constructor(problem: string, fix: string, cause?: unknown) {
    super(`The C library cannot be called: ${problem}. ${fix}.`, { cause });
  }
}

/** Allocation is not implemented for this operating system. */
export class UnsupportedPlatformError extends PortsliceError {
  readonly code = 'PORTSLICE_UNSUPPORTED_PLATFORM';
  readonly platform: string;

  constructor(platform: string, what: string) {
    super(
      `${what} is not implemented on '${platform}'. This version of portslice allocates ports on 64-bit Linux only.`,
    );
    this.platform = platform;
  }
}

/** Nothing listened on the port in time. */
export class WaitTimeoutError extends PortsliceError {
  readonly code = 'PORTSLICE_WAIT_TIMEOUT';
  readonly port: number;
  readonly timeoutMs: number;

  constructor(host: string, port: number, timeoutMs: number, lastProblem: string) {
    super(
      `Nothing accepted a connection on ${host}:${port} within ${timeoutMs} ms (${lastProblem}). ` +
        "Look at the server's own output, check that it was given this port and host, or raise timeoutMs.",
    );
    this.port = port;
    this.timeoutMs = timeoutMs;
  }
}

/** The server process ended before it listened. */
export class ServerExitedError extends PortsliceError {
  readonly code = 'PORTSLICE_SERVER_EXITED';
  readonly port: number;
  readonly processId: number;

  constructor(port: number, processId: number) {
    super(
      `Process ${processId} ended before it listened on port ${port}. Look at its own output for the reason.`,
    );
    this.port = port;
    this.processId = processId;
  }
}

/** Another process than the expected one listens on the port. */
export class ForeignListenerError extends PortsliceError {
  readonly code = 'PORTSLICE_FOREIGN_LISTENER';
  readonly port: number;
  /** Of the listener; undefined where the system does not tell. */
  readonly processId: number | undefined;
  readonly command: string | undefined;

  constructor(
    port: number,
    expected: string,
    listener: { processId: number | undefined; command: string | undefined; description: string },
  ) {
    super(
      `Port ${port} is listened on by ${listener.description}, not by ${expected}. ` +
        'Stop that process, or take the port out of the pool with PORTSLICE_EXCLUDED_PORTS.',
    );
    this.port = port;
    this.processId = listener.processId;
    this.command = listener.command;
  }
}

const SHOWN_HOLDER_COUNT = 50;

function describeExhaustion(facts: ExhaustionFacts): string {
  const wanted = facts.wantedPortCount === 1 ? 'No port is' : `No ${facts.wantedPortCount} ports are`;
  const waited = facts.waitedMs > 0 ? ` after ${Math.round(facts.waitedMs)} ms` : '';
  const shown = facts.holders.slice(0, SHOWN_HOLDER_COUNT).map(describeHolder);
  const hidden = facts.holders.length - shown.length;
  return [
    `${wanted} free in the pool of ${facts.poolPortCount}${waited}: ` +
      `${facts.holders.length - facts.sealedPortCount} held in this run, ${facts.sealedPortCount} sealed, ` +
      `${facts.lockedByOtherRuns} locked by other runs, ${facts.listenedOnByStrangers} listened on by strangers.`,
    ...shown,
    ...(hidden > 0 ? [`  and ${hidden} more`] : []),
    'Release ports sooner, run fewer workers, give the pool more ports (PORTSLICE_PORTS), or raise acquireTimeoutMs.',
  ].join('\n');
}

function describeHolder(holder: PortHolder): string {
  const label = holder.label === '' ? 'no label' : `'${holder.label}'`;
  const verb = holder.sealed ? 'sealed by' : 'held by';
  return `  ${holder.port} ${verb} pid ${holder.processId} for ${(holder.ageMs / 1000).toFixed(1)} s: ${label}`;
}

function describeValue(value: unknown): string {
  const text = typeof value === 'string' ? `'${value}'` : asText(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

function asText(value: unknown): string {
  if (value === undefined || typeof value === 'number') return String(value);
  try {
    return JSON.stringify(value) ?? `a ${typeof value}`;
  } catch {
    // Circular, or with a number too big for JSON.
    return `a ${typeof value}`;
  }
}

/** `acquirePort` was called where it cannot tell whose end is the end of the port. */
export class NoTestError extends PortsliceError {
  readonly code = 'PORTSLICE_NO_TEST';

  constructor(facts: { readonly problem: string; readonly fix: string }) {
    super(`${facts.problem}. ${facts.fix}.`);
  }
}
