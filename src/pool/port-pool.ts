/** The public face of a pool, for the plugins and for other runners. */
import { InvalidOptionError, PoolHandleError } from '../errors.ts';
import { publishedPoolHandle } from '../platform/environment.ts';
import { currentSlice, DEFAULT_REST_MS } from './current-slice.ts';
import { type AcquireOptions, MAX_TIMEOUT_MS } from './owner-options.ts';
import { PoolSession } from './pool-session.ts';
import { releaseAll } from './release.ts';
import { getServerTCPPorts, type ServerPortOptions } from './server-ports.ts';
import { takeSlice } from './slice-owners.ts';
import { type PortAllocationStats, type PortRecord, readRecords, readStatistics } from './snapshot.ts';
import { acquireFrom, type TCPPortOwner } from './tcp-port-owner.ts';

export interface PortPoolOptions extends ServerPortOptions {
  /** How many workers the run has, 0 to 2,000; there are a few more slices than workers. Default: 0. */
  workers?: number;
  /** For how long a released port is not handed out again while its slice has another free port. Default: 60,000. */
  restMs?: number;
}

const MAX_WORKERS = 2000;

/** The server ports of one run, in shared memory. */
export class PortPool {
  readonly #session: PoolSession;
  /** Publish it as PORTSLICE_POOL: processes that have it in their environment allocate from this pool. */
  readonly handle: string;
  /** In the order of the slices, which begin at a random place. */
  readonly ports: readonly number[];

  private constructor(session: PoolSession) {
    this.#session = session;
    this.handle = session.handle;
    this.ports = Object.freeze([...session.segment.ports]);
  }

  /**
   * Makes the pool of a run. It lives until `close()` or the end of this process.
   * @throws PortSpecError, EphemeralRangeError, InvalidOptionError, ForeignFunctionError, UnsupportedPlatformError
   */
  static create(options: PortPoolOptions = {}): PortPool {
    const { workers = 0, restMs = DEFAULT_REST_MS } = options;
    checkInteger('workers', workers, MAX_WORKERS);
    checkInteger('restMs', restMs, MAX_TIMEOUT_MS);
    return new PortPool(PoolSession.create({ ports: getServerTCPPorts(options), workers, restMs }));
  }

  /**
   * Opens the pool of another process, or of this one.
   * @param handle default: PORTSLICE_POOL
   * @throws PoolHandleError, PoolStaleError, PoolForeignError, PoolDamagedError
   */
  static attach(handle: string | undefined = publishedPoolHandle()): PortPool {
    if (handle === undefined) throw new PoolHandleError(handle, 'PORTSLICE_POOL is not set');
    if (typeof handle !== 'string') throw new InvalidOptionError('handle', handle, 'the handle of a pool');
    return new PortPool(PoolSession.attach(handle));
  }

  /**
   * A slice of the pool.
   * @param hint the worker's number, from 1: its slice, or a spare one while another live worker has it. 0 or nothing:
   *   slice 0, which is the run's own and belongs to no worker
   */
  slice(hint = 0): PortSlice {
    checkInteger('hint', hint, Number.MAX_SAFE_INTEGER);
    this.#session.assertOpen();
    return new PortSlice(this.#session, takeSlice(this.#session, hint));
  }

  /** Of the whole run, all processes together. */
  stats(): PortAllocationStats {
    this.#session.assertOpen();
    return readStatistics(this.#session);
  }

  /** Every port that was ever tried, in the order of the pool. */
  snapshot(): PortRecord[] {
    this.#session.assertOpen();
    return readRecords(this.#session);
  }

  /** Releases what this thread has of the pool. In the process that made it, ends the pool for those who come later. */
  close(): void {
    if (this.#session.isClosed) return;
    releaseAll(this.#session);
    this.#session.close();
  }
}

/** A contiguous part of the pool; no other slice has any of its ports. */
export class PortSlice {
  readonly #session: PoolSession;
  readonly #slice: number;
  /** The slice's first and last port in the order of the pool, which wraps around. 0 in an empty slice. */
  readonly first: number;
  readonly last: number;
  readonly portCount: number;

  /** @internal */
  constructor(session: PoolSession, slice: number) {
    const { ports, slices } = session.segment;
    const { firstIndex, portCount } = slices[slice] as { firstIndex: number; portCount: number };
    this.#session = session;
    this.#slice = slice;
    this.first = portCount === 0 ? 0 : (ports[firstIndex] as number);
    this.last = portCount === 0 ? 0 : (ports[firstIndex + portCount - 1] as number);
    this.portCount = portCount;
  }

  /** As `TCPPortOwner.acquire`, from this slice; while it has no free port, from slice 0 and then from the others. */
  async acquire(options?: AcquireOptions): Promise<TCPPortOwner> {
    const [owner] = await acquireFrom(() => ({ session: this.#session, slice: this.#slice }), 1, options);
    return owner as TCPPortOwner;
  }
}

/** The statistics of the pool from which this thread allocates: of the whole run, or of its private pool. */
export function portAllocationStats(): PortAllocationStats {
  return readStatistics(currentSlice().session);
}

function checkInteger(option: string, value: unknown, max: number): void {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max) return;
  throw new InvalidOptionError(option, value, `an integer from 0 to ${max}`);
}
