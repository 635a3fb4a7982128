/** The owner of one port, from its construction to `cleanup()`. */
import { MAX_PORT_COUNT } from '../../core/segment-layout.ts';
import { InvalidOptionError } from '../../errors/index.ts';
import { claimEventually, claimNow } from '../claim/acquire.ts';
import type { PortClaim } from '../claim/port-claim.ts';
import { releaseClaim } from '../claim/release.ts';
import { currentSlice, type SessionSlice } from '../session/current-slice.ts';
import { checkInteger } from '../session/option-checks.ts';
import {
  type AcquireOptions,
  type CheckedOptions,
  checkAcquireOptions,
  checkOwnerOptions,
  hostToConnect,
  type SocketAddressFamily,
  type TCPPortOwnerOptions,
  toRequest,
} from './owner-options.ts';

/** What the asynchronous ways of making an owner hand to its constructor. */
class Claimed {
  readonly claim: PortClaim;
  readonly options: CheckedOptions;

  constructor(claim: PortClaim, options: CheckedOptions) {
    this.claim = claim;
    this.options = options;
  }
}

let readClaim: (owner: TCPPortOwner) => PortClaim | undefined;

/**
 * One TCP port that belongs to its owner alone, among all processes, runs, users and containers that share the network
 * namespace. Servers of any process listen on it as on any port. As text it is its port number.
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
   * Claims a free port, at once.
   * @throws PortPoolExhaustedError if no port is free; `acquire` waits for one instead
   * @throws InvalidOptionError, HostError, ResourceLimitError, PermissionError, ForeignFunctionError
   */
  constructor(options?: TCPPortOwnerOptions);
  constructor(options?: TCPPortOwnerOptions | Claimed) {
    const { claim, options: checked } = options instanceof Claimed ? options : claimWith(options);
    this.#claim = claim;
    this.port = claim.port;
    this.hosts = checked.hosts;
    this.socketAddressFamily = checked.socketAddressFamily;
  }

  static {
    readClaim = (owner) => (#claim in owner ? owner.#claim : undefined);
  }

  /**
   * Claims a port, and waits up to `acquireTimeoutMs` until one is free.
   * @throws PortPoolExhaustedError after that time; otherwise as the constructor
   */
  static async acquire(options?: AcquireOptions): Promise<TCPPortOwner> {
    const [owner] = await TCPPortOwner.acquireMany(1, options);
    return owner as TCPPortOwner;
  }

  /**
   * Claims several ports, all or none, so that two tests that need several never wait for each other. While others
   * keep taking single ports from a pool that is nearly exhausted, it can wait long.
   */
  static async acquireMany(count: number, options?: AcquireOptions): Promise<TCPPortOwner[]> {
    return acquireFrom(currentSlice, count, options);
  }

  /**
   * The address of a server on this port, such as 'http://localhost:20123/path'. The host is localhost, or the first of
   * `hosts` if they name neither localhost nor every address.
   */
  url(path = '', protocol = 'http'): string {
    const host = hostToConnect(this.hosts);
    const separator = path === '' || path.startsWith('/') ? '' : '/';
    return `${protocol.replace(/:$/, '')}://${host.includes(':') ? `[${host}]` : host}:${this.port}${separator}${path}`;
  }

  /** Gives the port back. Names a server that still listens on it, in a warning. Does nothing the second time. */
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
    return hint === 'number' ? this.port : String(this.port);
  }
}

export interface TCPPortOwner extends Disposable {}

// Undefined in vm contexts of Node 22, where compiled `using` looks for the registered symbol.
define(Symbol.dispose ?? Symbol.for('Symbol.dispose'), function dispose() {
  this.cleanup();
});

// What console.log shows.
define(Symbol.for('nodejs.util.inspect.custom'), function inspect() {
  const { label, phase } = claimOf(this);
  return `TCPPortOwner ${this.port} (${phase}${label === '' ? '' : `, '${label}'`})`;
});

function define(name: symbol, value: (this: TCPPortOwner) => unknown): void {
  Object.defineProperty(TCPPortOwner.prototype, name, { value, configurable: true, writable: true });
}

/** Claims ports from any slice; it is chosen only after the options are checked. */
export async function acquireFrom(
  source: () => SessionSlice,
  count: number,
  options?: AcquireOptions,
): Promise<TCPPortOwner[]> {
  const checked = checkAcquireOptions(options);
  checkInteger('count', count, 1, MAX_PORT_COUNT);
  const { session, slice } = source();
  // More than there are would take the whole pool again and again, and never succeed.
  checkInteger('count', count, 1, session.segment.ports.length);
  const claimant = { session, slice, request: toRequest(session, checked) };
  const wait = { timeoutMs: checked.acquireTimeoutMs, signal: checked.signal };
  const claimed = await claimEventually(claimant, count, wait);
  const Owner = TCPPortOwner as new (claim: Claimed) => TCPPortOwner;
  return claimed.map((claim) => new Owner(new Claimed(claim, checked)));
}

/** For fixtures, which know more about the end of a test than an owner does. */
export function claimOf(owner: TCPPortOwner): PortClaim {
  const claim = readClaim(owner);
  if (claim === undefined)
    throw new InvalidOptionError({ option: 'owner', value: owner, expected: 'a TCPPortOwner' });
  return claim;
}

function claimWith(options: TCPPortOwnerOptions | undefined): Claimed {
  const checked = checkOwnerOptions(options);
  const { session, slice } = currentSlice();
  return new Claimed(claimNow({ session, slice, request: toRequest(session, checked) }), checked);
}
