/** What a page has in place of a PortDispenser, which is in Vitest's main process and opened there with the first port. */
import { TestEndedError } from '../../../errors/options.ts';
import type { AcquireOptions } from '../../../pool/api/owner-options.ts';
import type { OwnerTuple } from '../../../pool/api/owner-tuple.ts';
import type { TCPPortOwner } from '../../../pool/api/tcp-port-owner.ts';
import { checkSignal } from '../../../pool/session/option-checks.ts';
import type { DispenserFacts, PortDispenser, PortUse, ToldRun } from '../../port-dispenser.ts';
import { ask, toThrow } from './ask.ts';
import type { AcquireMessage, SentPort } from './messages.ts';
import { RemoteOwner } from './remote-owner.ts';

export class RemoteDispenser implements Pick<PortDispenser, keyof PortDispenser> {
  readonly #facts: DispenserFacts;
  /** No other page of the session, and no page that it loads later, makes the same one up. */
  readonly #id = `${Date.now()}-${Math.random()}`;
  readonly #uses: PortUse[] = [];
  #toldRun: ToldRun | undefined;
  #requests = 0;
  #hasEnded = false;
  #errors: readonly string[] = [];

  constructor(facts: DispenserFacts) {
    this.#facts = facts;
  }

  async acquire(options?: AcquireOptions): Promise<TCPPortOwner> {
    const [owner] = await this.acquireMany(1, options);
    return owner;
  }

  async getNextAvailableTCPPort(options?: AcquireOptions): Promise<number> {
    return (await this.acquire(options)).port;
  }

  async acquireMany<const Count extends number>(
    count: Count,
    options?: AcquireOptions,
  ): Promise<OwnerTuple<Count>> {
    return (await this.acquireFor(this.#facts.fixture, count, options)) as OwnerTuple<Count>;
  }

  async acquireFor(fixture: string, count: number, options: AcquireOptions = {}): Promise<TCPPortOwner[]> {
    const { signal, ...others } = options;
    checkSignal(signal);
    if (this.#hasEnded) throw new TestEndedError({ label: this.#facts.label });
    signal?.throwIfAborted();
    const request = this.#requests++;
    const cancel = (): void => void ask({ kind: 'cancel', dispenser: this.#id, request });
    signal?.addEventListener('abort', cancel);
    try {
      const ports = await ask(this.#acquireMessage(request, fixture, count, others));
      const owners = ports.map((port) => this.#own(port));
      if (signal?.aborted === true) await Promise.all(owners.map((owner) => owner.cleanup()));
      signal?.throwIfAborted();
      return owners as unknown as TCPPortOwner[];
    } catch (error) {
      // The main process does not know the signal's reason.
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  #acquireMessage(request: number, fixture: string, count: number, options: AcquireOptions): AcquireMessage {
    const { onAcquire: _, ...facts } = this.#facts;
    const lists = Object.entries(options).map(([name, value]) => [name, listed(value)]);
    return {
      kind: 'acquire',
      dispenser: this.#id,
      facts,
      request,
      fixture,
      count,
      options: Object.fromEntries(lists) as object,
    };
  }

  #own(sent: SentPort): RemoteOwner {
    const { port } = sent;
    this.#uses.push(sent.use);
    this.#facts.onAcquire(sent.use, sent.run);
    this.#toldRun = sent.run;
    return new RemoteOwner(sent, () => ask({ kind: 'cleanup', dispenser: this.#id, port }));
  }

  get toldRun(): ToldRun | undefined {
    return this.#toldRun;
  }

  get uses(): PortUse[] {
    return [...this.#uses];
  }

  /** The main process is told at the end. */
  explainFailure(errors: readonly string[]): void {
    this.#errors = errors;
  }

  async releaseAll(failed: boolean, leaksFail = true): Promise<void> {
    this.#hasEnded = true;
    if (this.#requests === 0) return;
    const message = { kind: 'end', dispenser: this.#id, failed, leaksFail, errors: this.#errors } as const;
    const { uses, error } = await ask(message);
    for (const use of this.#uses) Object.assign(use, uses.find(isSame(use)));
    if (error !== undefined) throw toThrow(error);
  }

  releaseAtOnce(failed: boolean): void {
    void this.releaseAll(failed, false);
  }
}

function isSame({ port, acquiredAtMs }: PortUse): (use: PortUse) => boolean {
  return (use) => use.port === port && use.acquiredAtMs === acquiredAtMs;
}

/** Messages keep nothing of other iterables. */
function listed(value: unknown): unknown {
  const isIterable = typeof value === 'object' && value !== null && Symbol.iterator in value;
  return isIterable ? [...(value as Iterable<unknown>)] : value;
}
