/** The owner of one port, from its construction to `cleanup()`. */
import { MAX_PORT_COUNT } from '../../core/segment-layout.ts';
import { serverUrl } from '../../core/server-url.ts';
import { claimEventually, claimNow } from '../claim/acquire.ts';
import { releaseClaim } from '../claim/release.ts';
import { currentSlice, type SessionSlice } from '../session/current-slice.ts';
import { checkInteger } from '../session/option-checks.ts';
import { claimState, type PortClaim, releasedState } from '../session/port-claim.ts';
import { checkGroup, checkOnePort } from './group-options.ts';
import {
  type AcquireManyOptions,
  type AcquireOptions,
  type CheckedOptions,
  checkAcquireOptions,
  checkOwnerOptions,
  hostToListen,
  type SocketAddressFamily,
  type TCPPortOwnerOptions,
  toRequest,
} from './owner-options.ts';
import type { OwnerTuple } from './owner-tuple.ts';

/** What the asynchronous ways of making an owner hand to its constructor. */
class Claimed {
  readonly claim: PortClaim;
  readonly options: CheckedOptions;

  constructor(claim: PortClaim, options: CheckedOptions) {
    this.claim = claim;
    this.options = options;
  }
}

/**
 * One TCP port that belongs to its owner alone, among all processes, runs, users and containers that share the network
 * namespace. Servers of any process listen on it as on any port. As text, as a number and in JSON it is its port number.
 */
// oxlint-disable-next-line no-unsafe-declaration-merging -- what the interface promises is defined below the class
export class TCPPortOwner {
  readonly #claim: PortClaim;
  /** From 1 to 65535. */
  readonly port: number;
  /** As given: where the port is free. */
  readonly hosts: readonly string[];
  readonly socketAddressFamily: SocketAddressFamily;
  /**
   * Where Node's `server.listen(owner)` listens: on the first of `hosts`; undefined: on every address.
   * Node ignores a host that is given beside an owner.
   */
  readonly host: string | undefined;

  /**
   * Claims a free port. Where none is free it looks again, and blocks meanwhile: for 8 ms; for some 0.3 s if somebody else has
   * ports that are free by their records; for at most 5 s while the process that had one of them is starting a child. `acquire`
   * waits without blocking.
   * @throws PortPoolExhaustedError if no port is free, PortTakenError if the one of `port` is not
   * @throws InvalidOptionError, HostError, ResourceLimitError, PermissionError, ForeignFunctionError, UnsupportedPlatformError
   */
  constructor(options?: TCPPortOwnerOptions);
  constructor(options?: TCPPortOwnerOptions | Claimed) {
    const { claim, options: checked } = options instanceof Claimed ? options : claimWith(options);
    this.#claim = claim;
    this.port = claim.port;
    this.hosts = checked.hosts;
    this.socketAddressFamily = checked.socketAddressFamily;
    this.host = hostToListen(checked.hosts, checked.socketAddressFamily);
  }

  /**
   * Claims a port, and waits up to `acquireTimeoutMs` until one is free.
   * @throws PortPoolExhaustedError, PortTakenError after that time; otherwise as the constructor
   */
  static async acquire(options?: AcquireOptions): Promise<TCPPortOwner> {
    const [owner] = await TCPPortOwner.acquireMany(1, options);
    return owner;
  }

  /**
   * Claims several ports, all or none, so that two tests that need several never wait for each other. It can wait long while
   * others keep taking single ports from a pool that is nearly exhausted.
   * @param count from 1 to 65,535
   * @throws as `acquire`; InvalidOptionError at once if the pool has no such ports (`consecutive`, `offsets`) or not so many
   */
  static async acquireMany<const Count extends number>(
    count: Count,
    options?: AcquireManyOptions,
  ): Promise<OwnerTuple<Count>> {
    const owned = await acquireFrom(currentSlice, count, options);
    return owned.map(({ owner }) => owner) as OwnerTuple<Count>;
  }

  /**
   * The address of a server on this port, such as 'http://localhost:20123/path'. The host is localhost, or the first of
   * `hosts` if they name neither localhost nor every address.
   */
  url(path = '', protocol = 'http'): string {
    return serverUrl(this, path, protocol);
  }

  /**
   * Gives the port back. Names a server that still listens on it, in a warning, after it has blocked for up to some 130 ms: the
   * server may be about to end. Does nothing the second time.
   */
  cleanup(): void {
    releaseClaim(this.#claim);
  }

  toString(): string {
    return String(this.port);
  }

  toJSON(): number {
    return this.port;
  }

  [Symbol.toPrimitive](hint: string): string | number {
    return hint === 'string' ? String(this.port) : this.port;
  }

  #describe(): string {
    const { label } = this.#claim;
    const state = claimState(this.#claim) === 'held' ? 'held' : releasedState(this.#claim);
    return `TCPPortOwner ${this.port} (${state}${label === '' ? '' : `, '${label}'`})`;
  }

  static {
    // Undefined in vm contexts of Node 22, where compiled `using` looks for the registered symbol.
    define(Symbol.dispose ?? Symbol.for('Symbol.dispose'), (owner) => owner.cleanup());
    // What console.log shows.
    define(Symbol.for('nodejs.util.inspect.custom'), (owner) => owner.#describe());

    function define(name: symbol, act: (owner: TCPPortOwner) => unknown): void {
      const value = function (this: TCPPortOwner): unknown {
        return act(this);
      };
      Object.defineProperty(TCPPortOwner.prototype, name, { value, configurable: true, writable: true });
    }
  }
}

export interface TCPPortOwner extends Disposable {}

/** For fixtures, which know more about the end of a test than an owner does. */
export interface OwnedClaim {
  readonly owner: TCPPortOwner;
  readonly claim: PortClaim;
}

/** Claims ports from any slice; it is chosen only after the options are checked. */
export async function acquireFrom(
  source: () => SessionSlice,
  count: number,
  options?: AcquireManyOptions,
  onWait?: () => void,
): Promise<OwnedClaim[]> {
  const checked = checkAcquireOptions(options);
  checkInteger('count', count, 1, MAX_PORT_COUNT);
  const offsets = checkGroup(count, options ?? {});
  if (checked.port !== undefined && offsets === undefined) checkOnePort(count, checked.port);
  const { session, slice } = source();
  const request = toRequest(session, checked, offsets);
  // More than there are would take the whole pool again and again, and never succeed.
  checkInteger('count', count, 1, Math.max(0, session.segment.ports.length - request.excludedIndexes.size));
  const claimant = { session, slice, request };
  const wait = { timeoutMs: checked.acquireTimeoutMs, signal: checked.signal, onWait };
  const claims = inOrderOf(offsets, await claimEventually(claimant, count, wait));
  const Owner = TCPPortOwner as new (claim: Claimed) => TCPPortOwner;
  return claims.map((claim) => ({ claim, owner: new Owner(new Claimed(claim, checked)) }));
}

/** The claims of a group come in ascending order. */
function inOrderOf(
  offsets: readonly number[] | undefined,
  claims: readonly PortClaim[],
): readonly PortClaim[] {
  if (offsets === undefined) return claims;
  const ascending = offsets.toSorted((left, right) => left - right);
  return offsets.map((offset) => claims[ascending.indexOf(offset)] as PortClaim);
}

function claimWith(options: TCPPortOwnerOptions | undefined): Claimed {
  const checked = checkOwnerOptions(options);
  const { session, slice } = currentSlice();
  return new Claimed(claimNow({ session, slice, request: toRequest(session, checked) }), checked);
}
