/** One that claims ports in every way the API has, in random order, serves on some of them, and notes each use. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type * as Portslice from '../../src/index.ts';
import { nowUs } from '../contention/event-log.ts';
import type { Span } from '../support/overlaps.ts';

type Owners = typeof Portslice.TCPPortOwner;

/** What became of the claims of one claimant. */
export interface Claims {
  readonly name: string;
  /** A million objects would be too slow to send: port, from and until of each use, one after the other. */
  readonly uses: Float64Array;
  /** Servers that listened on a claimed port, were connected to, and answered. */
  readonly servers: number;
  /** How often the constructor found no free port. */
  readonly exhaustions: number;
  /** What servers and connections met. */
  readonly errors: readonly string[];
}

const NUMBERS_PER_USE = 3;

/** How long the port was certainly had: from when it had been given until just before it is given back. */
export function spansOf({ name, uses }: Claims): Span[] {
  return Array.from({ length: uses.length / NUMBERS_PER_USE }, (_, use) => {
    const [port, from, until] = uses.subarray(use * NUMBERS_PER_USE) as unknown as [number, number, number];
    return { owner: name, port, from, until };
  });
}

interface Held {
  readonly owner: Portslice.TCPPortOwner;
  readonly from: number;
}

const MAX_HELD = 5;
const MAX_SERVERS = 2;
const MAX_DELAY_MS = 10;
const TURN_EVERY = 16;
const REMEMBERED = 50;
/** On a busy machine, several ports at once are long in coming while 23 others take single ones. */
const PATIENT = { acquireTimeoutMs: 600_000 };

/** At least so many claims, all of which are given back in the end. */
export async function claimAndRelease(name: string, owners: Owners, count: number): Promise<Claims> {
  const claimant = new Claimant(name, owners);
  await claimant.claim(count);
  return claimant.claims();
}

class Claimant {
  readonly #name: string;
  readonly #owners: Owners;
  readonly #held: Held[] = [];
  readonly #serving = new Set<Promise<void>>();
  /** Cleaned up already: their ports may be somebody else's by now. */
  readonly #ended: Portslice.TCPPortOwner[] = [];
  readonly #uses: number[] = [];
  readonly #errors: string[] = [];
  #claimed = 0;
  #servers = 0;
  #exhaustions = 0;

  constructor(name: string, owners: Owners) {
    this.#name = name;
    this.#owners = owners;
  }

  async claim(count: number): Promise<void> {
    for (let step = 0; this.#claimed < count; step++) {
      await this.#claimSomehow();
      while (this.#held.length > Math.random() * MAX_HELD) this.#giveOneBack();
      // The servers of this thread need the event loop.
      if (step % TURN_EVERY === 0) await turn();
    }
    this.#giveAllBack();
    await Promise.all(this.#serving);
  }

  claims(): Claims {
    return {
      name: this.#name,
      uses: Float64Array.from(this.#uses),
      servers: this.#servers,
      exhaustions: this.#exhaustions,
      errors: this.#errors,
    };
  }

  async #claimSomehow(): Promise<void> {
    const way = Math.random();
    if (way < 0.02 && this.#serving.size < MAX_SERVERS) return this.#startToServe();
    if (way < 0.8) return this.#claimAtOnce();
    // Those who wait have none, so that nobody waits for another one for ever.
    this.#giveAllBack();
    if (way < 0.95) return this.#hold([await this.#owners.acquire(PATIENT)]);
    return this.#hold(await this.#owners.acquireMany(2 + Math.round(Math.random()), PATIENT));
  }

  #claimAtOnce(): void {
    try {
      this.#hold([new this.#owners()]);
    } catch (error) {
      if ((error as Portslice.PortsliceError).code !== 'PORTSLICE_POOL_EXHAUSTED') throw error;
      this.#exhaustions++;
      this.#giveAllBack();
    }
  }

  #hold(owners: readonly Portslice.TCPPortOwner[]): void {
    const from = nowUs();
    this.#claimed += owners.length;
    for (const owner of owners) this.#held.push({ owner, from });
  }

  async #startToServe(): Promise<void> {
    this.#giveAllBack();
    const owner = await this.#owners.acquire(PATIENT);
    const held = { owner, from: nowUs() };
    this.#claimed++;
    const served = this.#serve(owner.port)
      .catch((error: NodeJS.ErrnoException) => void this.#errors.push(error.code ?? error.message))
      .finally(() => {
        this.#giveBack(held);
        this.#serving.delete(served);
      });
    this.#serving.add(served);
  }

  /** Its side closes first, which leaves the port in TIME_WAIT. */
  async #serve(port: number): Promise<void> {
    await sleep(Math.random() * MAX_DELAY_MS);
    const server = createServer((socket: Socket) => socket.end(this.#name));
    await once(server.listen(port), 'listening');
    try {
      await sleep(Math.random() * MAX_DELAY_MS);
      const answer = await text(connect(port, '127.0.0.1'));
      if (answer === this.#name) this.#servers++;
      else this.#errors.push(`answered by ${answer}`);
    } finally {
      server.close();
      await once(server, 'close');
    }
  }

  #giveAllBack(): void {
    while (this.#held.length > 0) this.#giveOneBack();
  }

  #giveOneBack(): void {
    const [held] = this.#held.splice(Math.floor(Math.random() * this.#held.length), 1);
    this.#giveBack(held as Held);
  }

  #giveBack({ owner, from }: Held): void {
    this.#uses.push(owner.port, from, nowUs());
    owner.cleanup();
    this.#ended.push(owner);
    // A second cleanup must do nothing, least of all to the next owner of the port.
    if (this.#ended.length > REMEMBERED) this.#ended.shift()?.cleanup();
  }
}
