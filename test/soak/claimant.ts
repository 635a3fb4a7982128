/** One that claims ports in every way the API has, in random order, serves on some of them, and notes each use. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type * as Portslice from '../../src/index.ts';
import { type ClaimLog, nowNs } from './claim-log.ts';

/** What became of the claims of one claimant. */
export interface Tally {
  readonly claims: number;
  /** Servers that listened on a claimed port, were connected to, and answered. */
  readonly servers: number;
  /** How often the constructor found no free port. */
  readonly exhaustions: number;
  /** What servers and connections met, how often: code by code. */
  readonly errors: Readonly<Record<string, number>>;
}

interface Held {
  readonly owner: Portslice.TCPPortOwner;
  readonly fromNs: number;
}

const MAX_HELD = 5;
const MAX_SERVERS = 2;
const MAX_DELAY_MS = 10;
const TURN_EVERY = 16;
const REMEMBERED = 50;

type Owners = typeof Portslice.TCPPortOwner;

export class Claimant {
  readonly #name: string;
  readonly #owners: Owners;
  readonly #log: ClaimLog;
  readonly #held: Held[] = [];
  readonly #serving = new Set<Promise<void>>();
  /** Cleaned up already: their ports may be somebody else's by now. */
  readonly #ended: Portslice.TCPPortOwner[] = [];
  readonly #tally = { claims: 0, servers: 0, exhaustions: 0, errors: {} as Record<string, number> };

  constructor(name: string, owners: Owners, log: ClaimLog) {
    this.#name = name;
    this.#owners = owners;
    this.#log = log;
  }

  /** At least so many claims, all of which are given back in the end. */
  async claim(count: number): Promise<Tally> {
    for (let step = 0; this.#tally.claims < count; step++) {
      await this.#claimSomehow();
      while (this.#held.length > Math.random() * MAX_HELD) this.#giveOneBack();
      // The servers of this thread need the event loop.
      if (step % TURN_EVERY === 0) await turn();
    }
    this.#giveAllBack();
    await Promise.all(this.#serving);
    this.#log.flush();
    return this.#tally;
  }

  async #claimSomehow(): Promise<void> {
    const way = Math.random();
    if (way < 0.02 && this.#serving.size < MAX_SERVERS) return this.#startToServe();
    if (way < 0.8) return this.#claimAtOnce();
    if (way < 0.95) return this.#hold([await this.#owners.acquire()]);
    // Those who want several have none, so that nobody waits for another one for ever.
    this.#giveAllBack();
    return this.#hold(await this.#owners.acquireMany(2 + Math.round(Math.random())));
  }

  #claimAtOnce(): void {
    try {
      this.#hold([new this.#owners()]);
    } catch (error) {
      if ((error as Portslice.PortsliceError).code !== 'PORTSLICE_POOL_EXHAUSTED') throw error;
      this.#tally.exhaustions++;
      this.#giveAllBack();
    }
  }

  #hold(owners: readonly Portslice.TCPPortOwner[]): void {
    const fromNs = nowNs();
    this.#tally.claims += owners.length;
    for (const owner of owners) this.#held.push({ owner, fromNs });
  }

  async #startToServe(): Promise<void> {
    const owner = await this.#owners.acquire();
    const held = { owner, fromNs: nowNs() };
    this.#tally.claims++;
    const served = this.#serve(owner.port)
      .catch((error: NodeJS.ErrnoException) => this.#note(error.code ?? error.message))
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
      if (answer === this.#name) this.#tally.servers++;
      else this.#note(`answered by ${answer}`);
    } finally {
      server.close();
      await once(server, 'close');
    }
  }

  #note(error: string): void {
    const { errors } = this.#tally;
    errors[error] = (errors[error] ?? 0) + 1;
  }

  #giveAllBack(): void {
    while (this.#held.length > 0) this.#giveOneBack();
  }

  #giveOneBack(): void {
    const [held] = this.#held.splice(Math.floor(Math.random() * this.#held.length), 1);
    this.#giveBack(held as Held);
  }

  #giveBack({ owner, fromNs }: Held): void {
    const untilNs = nowNs();
    owner.cleanup();
    this.#log.write({ port: owner.port, fromNs, untilNs });
    this.#ended.push(owner);
    // A second cleanup must do nothing, least of all to the next owner of the port.
    if (this.#ended.length > REMEMBERED) this.#ended.shift()?.cleanup();
  }
}
