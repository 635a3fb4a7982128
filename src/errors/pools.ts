/** Errors about the pool of the run. */
import { PortsliceError } from './base.ts';
import { pointToPort } from './command-hint.ts';
import { describeProcess, type ProcessDescription } from './describe-process.ts';
import { describeValue, showControls } from './describe-value.ts';
import { harmless } from './harmless.ts';

const REMEDY_FOR_HANDLE =
  'Let the global setup of the run publish PORTSLICE_POOL, or unset it to use a private pool.';

export interface PoolFacts {
  readonly handle: string;
  readonly problem: string;
  readonly cause?: unknown;
}

/** The value of PORTSLICE_POOL (or the argument of `PortPool.attach`) is missing or is not a handle. */
export class PoolHandleError extends PortsliceError {
  static override readonly name: string = 'PoolHandleError';
  static override readonly code = 'PORTSLICE_POOL_HANDLE';
  readonly code: typeof PoolHandleError.code = PoolHandleError.code;
  readonly handle: string | undefined;

  constructor({ handle, problem }: { readonly handle: string | undefined; readonly problem: string }) {
    const shown = describeValue(handle && showControls(handle));
    super(`The pool handle ${shown} cannot be used: ${problem}. ${REMEDY_FOR_HANDLE}`);
    this.handle = handle;
  }
}

/** The pool that the handle names is gone: its process has ended or has closed it. */
export class PoolStaleError extends PortsliceError {
  static override readonly name: string = 'PoolStaleError';
  static override readonly code = 'PORTSLICE_POOL_STALE';
  readonly code: typeof PoolStaleError.code = PoolStaleError.code;
  readonly handle: string;

  constructor({ handle, problem, cause }: PoolFacts) {
    super(`The pool of handle '${handle}' is gone: ${problem}. ${REMEDY_FOR_HANDLE}`, cause);
    this.handle = handle;
  }
}

/** The pool exists but is not usable from here: it is another user's or of another network namespace. */
export class PoolForeignError extends PortsliceError {
  static override readonly name: string = 'PoolForeignError';
  static override readonly code = 'PORTSLICE_POOL_FOREIGN';
  readonly code: typeof PoolForeignError.code = PoolForeignError.code;
  readonly handle: string;

  constructor({ handle, problem, cause }: PoolFacts) {
    super(
      `The pool of handle '${handle}' cannot be used from this process: ${problem}. ${REMEDY_FOR_HANDLE}`,
      cause,
    );
    this.handle = handle;
  }
}

/** The shared memory does not hold what its handle promises. */
export class PoolDamagedError extends PortsliceError {
  static override readonly name: string = 'PoolDamagedError';
  static override readonly code = 'PORTSLICE_POOL_DAMAGED';
  readonly code: typeof PoolDamagedError.code = PoolDamagedError.code;
  readonly handle: string;

  constructor({ handle, problem, cause }: PoolFacts) {
    super(`The shared memory of pool '${handle}' is damaged: ${problem}. Start the run again.`, cause);
    this.handle = handle;
  }
}

/** A method of a pool was called after `close()`. */
export class PoolClosedError extends PortsliceError {
  static override readonly name: string = 'PoolClosedError';
  static override readonly code = 'PORTSLICE_POOL_CLOSED';
  readonly code: typeof PoolClosedError.code = PoolClosedError.code;

  constructor() {
    super(
      'This port pool was closed in this process. Allocate before the global teardown, or create a new pool.',
    );
  }
}

export interface PortTakenFacts {
  readonly port: number;
  /** Such as 'is taken' or 'is no server port: the pool is 20000-29999'. */
  readonly problem: string;
  /** Who has the port, as far as that is known. */
  readonly holder?: ProcessDescription | undefined;
  /** What to do. */
  readonly fix: string;
}

/** Exactly this port was wanted, and it cannot be had. */
export class PortTakenError extends PortsliceError {
  static override readonly name: string = 'PortTakenError';
  static override readonly code = 'PORTSLICE_PORT_TAKEN';
  readonly code: typeof PortTakenError.code = PortTakenError.code;
  readonly port: number;
  readonly holder: ProcessDescription | undefined;

  constructor({ port, problem, holder, fix }: PortTakenFacts) {
    super(`Port ${port} ${describeTaking({ problem, holder })}. ${fix}. ${pointToPort(port)}`);
    this.port = port;
    this.holder = holder;
  }
}

/** In words that follow the port. */
export function describeTaking({ problem, holder }: Pick<PortTakenFacts, 'problem' | 'holder'>): string {
  return holder === undefined ? problem : `${problem}: ${describeTaker(holder)}`;
}

function describeTaker(holder: ProcessDescription): string {
  const purpose = holder.label === undefined || holder.label === '' ? '' : ` for '${harmless(holder.label)}'`;
  const who =
    holder.processId === process.pid ? `this process itself (pid ${process.pid})` : describeProcess(holder);
  return `${who} holds it${purpose}`;
}
