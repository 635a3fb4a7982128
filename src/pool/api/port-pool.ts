/** The public face of a pool, for the plugins and for other runners. */
import type { PortList } from '../../core/port-list.ts';
import type { SliceBounds } from '../../core/slices.ts';
import { InvalidOptionError, PoolClosedError, PoolHandleError } from '../../errors/index.ts';
import { publishedPoolHandle } from '../../platform/environment.ts';
import { releaseAll } from '../claim/release.ts';
import { attachSession } from '../session/attach-session.ts';
import { createSession } from '../session/create-session.ts';
import { DEFAULT_REST_MS, type SessionSlice, sessionToReport } from '../session/current-slice.ts';
import { closeSession } from '../session/open-sessions.ts';
import { checkInteger, checkNames, MAX_TIMEOUT_MS, RUN_POOL_OPTION_NAMES } from '../session/option-checks.ts';
import type { PoolSession } from '../session/pool-session.ts';
import type { PortClaim } from '../session/port-claim.ts';
import { findServerPorts, type ServerPortOptions } from '../session/server-ports.ts';
import { takeSlice } from '../session/slice-owners.ts';
import {
  type PortAllocationStats,
  type PortRecord,
  readRecords,
  readStatistics,
} from '../session/snapshot.ts';
import type { AcquireOptions } from './owner-options.ts';
import { acquireFrom, type OwnedClaim, type TCPPortOwner } from './tcp-port-owner.ts';

export interface PortPoolOptions extends ServerPortOptions {
  /** How many workers the run has, 0 to 2,000; there are a few more slices than workers. Default: 0. */
  workers?: number | undefined;
  /**
   * For how long a released port is not handed out again while another port is free: milliseconds from 0 to 2,147,483,647.
   * Default: 60,000.
   */
  restMs?: number | undefined;
}

const MAX_WORKERS = 2000;

/** What a PortPool and its slices share: the session is the thread's, and others use it too. */
interface PoolUse {
  readonly session: PoolSession;
  readonly claims: WeakSet<PortClaim>;
  isClosed: boolean;
}

/** The server ports of one run, in shared memory. */
export class PortPool {
  readonly #use: PoolUse;
  readonly #isCreator: boolean;
  /** Publish it as PORTSLICE_POOL: processes that have it in their environment allocate from this pool. */
  readonly handle: string;
  #ports: readonly number[] | undefined;

  private constructor(session: PoolSession, isCreator: boolean) {
    this.#use = { session, claims: new WeakSet(), isClosed: false };
    this.#isCreator = isCreator;
    this.handle = session.handle;
  }

  /**
   * Makes the pool of a run. It lives until `close()` or the end of this process.
   * @throws PortSpecError, EphemeralRangeError, InvalidOptionError, ForeignFunctionError, UnsupportedPlatformError,
   *   ResourceLimitError, PermissionError, SystemCallError
   */
  static create(options: PortPoolOptions = {}): PortPool {
    checkNames(options, [...RUN_POOL_OPTION_NAMES, 'workers']);
    const { workers = 0, restMs = DEFAULT_REST_MS, ports, excludedPorts } = options;
    checkInteger('workers', workers, 0, MAX_WORKERS);
    checkInteger('restMs', restMs, 0, MAX_TIMEOUT_MS);
    const findPorts = (): PortList => findServerPorts({ ports, excludedPorts });
    return new PortPool(createSession({ findPorts, workers, restMs, isPrivate: false }), true);
  }

  /**
   * Opens the pool of another process, or of this one.
   * @param handle default: PORTSLICE_POOL
   * @throws PoolHandleError, PoolStaleError, PoolForeignError, PoolDamagedError, InvalidOptionError, ForeignFunctionError,
   *   UnsupportedPlatformError
   */
  static attach(handle: string | undefined = publishedPoolHandle()): PortPool {
    if (handle === undefined) throw new PoolHandleError({ handle, problem: 'PORTSLICE_POOL is not set' });
    if (typeof handle !== 'string')
      throw new InvalidOptionError({ option: 'handle', value: handle, expected: 'the handle of a pool' });
    return new PortPool(attachSession(handle), false);
  }

  /** In the order of the slices, which begin at a random place. */
  get ports(): readonly number[] {
    return (this.#ports ??= Object.freeze([...this.#use.session.segment.ports]));
  }

  /**
   * A slice of the pool.
   * @param hint the worker's number, from 1: its slice, or a spare one while another live worker has it. 0 or nothing:
   *   slice 0, which is the run's own and belongs to no worker
   * @throws PoolClosedError, InvalidOptionError
   */
  slice(hint = 0): PortSlice {
    checkInteger('hint', hint, 0, Number.MAX_SAFE_INTEGER);
    const session = openSession(this.#use);
    return new PortSlice(this.#use, takeSlice(session, hint));
  }

  /** Of the whole run, all processes together. @throws PoolClosedError */
  stats(): PortAllocationStats {
    return readStatistics(openSession(this.#use));
  }

  /** Every port that was ever tried, in the order of the pool. @throws PoolClosedError */
  snapshot(): PortRecord[] {
    return readRecords(openSession(this.#use));
  }

  /**
   * Releases the ports that were acquired through this object. If it was made by `create`, releases all that this
   * thread has of the pool, and ends the pool for those who come later.
   */
  close(): void {
    if (this.#use.isClosed) return;
    this.#use.isClosed = true;
    const { session, claims } = this.#use;
    releaseAll(session, (claim) => this.#isCreator || claims.has(claim));
    if (this.#isCreator) closeSession(session);
  }
}

/** @throws PoolClosedError */
function openSession({ session, isClosed }: PoolUse): PoolSession {
  if (isClosed || session.isClosed) throw new PoolClosedError();
  return session;
}

/** A contiguous part of the pool; no other slice has any of its ports. */
export class PortSlice {
  readonly #use: PoolUse;
  readonly #slice: number;
  /** The slice's first and last port in the order of the pool, which wraps around. 0 in an empty slice. */
  readonly first: number;
  readonly last: number;
  readonly portCount: number;

  /** @internal */
  constructor(use: PoolUse, slice: number) {
    const { ports, slices } = use.session.segment;
    const { firstIndex, portCount } = slices[slice] as SliceBounds;
    this.#use = use;
    this.#slice = slice;
    this.first = portCount === 0 ? 0 : ports.at(firstIndex);
    this.last = portCount === 0 ? 0 : ports.at(firstIndex + portCount - 1);
    this.portCount = portCount;
  }

  /**
   * As `TCPPortOwner.acquire`, from this slice; while it has no free port that has rested, from slice 0, then from the others.
   * @throws PoolClosedError; otherwise as `TCPPortOwner.acquire`
   */
  async acquire(options?: AcquireOptions): Promise<TCPPortOwner> {
    const source = (): SessionSlice => ({ session: openSession(this.#use), slice: this.#slice });
    const [{ owner, claim }] = (await acquireFrom(source, 1, options)) as [OwnedClaim];
    this.#use.claims.add(claim);
    if (this.#use.isClosed) owner.cleanup();
    openSession(this.#use);
    return owner;
  }
}

/**
 * The statistics of the pool from which this thread allocates: of the whole run, or of its private pool. In a thread that
 * never did, of the pool that it has opened last. After the end of the pool they stay as they were.
 */
export function portAllocationStats(): PortAllocationStats {
  return readStatistics(sessionToReport());
}
