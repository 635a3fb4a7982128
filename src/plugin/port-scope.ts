/**
 * What can own ports that no fixture has asked for: a test, or all tests of a file or worker. Its dispenser is opened with
 * the first port, by `acquirePort`.
 */
import type { AcquireOptions } from '../pool/api/owner-options.ts';
import type { TCPPortOwner } from '../pool/api/tcp-port-owner.ts';
import { openDispenser } from './open-dispenser.ts';
import type { DispenserFacts, PortDispenser } from './port-dispenser.ts';

export class PortScope {
  readonly #facts: () => DispenserFacts;
  #opening: Promise<PortDispenser> | undefined;
  #dispenser: PortDispenser | undefined;
  #hasEnded = false;

  /** @param facts looked up with the first port */
  constructor(facts: () => DispenserFacts) {
    this.#facts = facts;
  }

  /** Undefined until the first port. */
  get dispenser(): PortDispenser | undefined {
    return this.#dispenser;
  }

  /** @throws TestEndedError after the end of the scope; otherwise as `TCPPortOwner.acquire` */
  async acquire(options?: AcquireOptions): Promise<TCPPortOwner> {
    const dispenser = await (this.#opening ??= this.#open());
    return dispenser.acquire(options);
  }

  async #open(): Promise<PortDispenser> {
    const dispenser = await openDispenser(this.#facts());
    // Nobody ends one that was opened too late.
    if (this.#hasEnded) dispenser.releaseAtOnce(false);
    return (this.#dispenser = dispenser);
  }

  /** As `PortDispenser.releaseAll`. */
  async end(failed: boolean, leaksFail: boolean = true): Promise<void> {
    this.#hasEnded = true;
    await this.#dispenser?.releaseAll(failed, leaksFail);
  }

  /** For a process that exits. */
  endAtOnce(failed: boolean): void {
    this.#hasEnded = true;
    this.#dispenser?.releaseAtOnce(failed);
  }
}
