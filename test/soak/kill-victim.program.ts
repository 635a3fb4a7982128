/**
 * A process that is going to be killed. Its only message says what it does and where it stops. It writes to descriptor 3
 * when it is there, and then waits for its end.
 */
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import net from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { PortPool, PortPoolExhaustedError, TCPPortOwner } from '../../src/index.ts';
import { PortDispenser } from '../../src/plugin/port-dispenser.ts';
import type { Act } from './kill-moments.ts';
import { type PausePoint, watchPausePoints } from './pause-points.ts';

/** To the victim. */
export interface Order {
  readonly act: Act;
  readonly point: PausePoint | undefined;
  /** Variables that name the pool. */
  readonly env: Readonly<Record<string, string>>;
}

/** From the victim, as a line of JSON. */
export interface Arrival {
  /** Undefined: at the end of its act. */
  readonly point: PausePoint | undefined;
  /** Of the pool that it has made. */
  readonly handle: string | undefined;
}

/** A bound for a victim that nobody kills. */
const PATIENCE_MS = 120_000;
const WORKERS = 2;
const OWN_SLICE = 1;

let armedAt: PausePoint | undefined;
let handle: string | undefined;

watchPausePoints((point) => {
  if (point === armedAt) arriveAt(point);
});

/** Blocks here, in the middle of whatever is on the stack. */
function arriveAt(point: PausePoint | undefined): never {
  writeSync(3, `${JSON.stringify({ point, handle } satisfies Arrival)}\n`);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PATIENCE_MS);
  process.exit(1);
}

function claimMany(count: number): TCPPortOwner[] {
  return Array.from({ length: count }, () => new TCPPortOwner());
}

/** What takes the ports of a failed test back, and seals them. */
function openDispenser(): PortDispenser {
  return new PortDispenser({
    fixture: 'port',
    label: 'at work',
    defaults: {},
    testTimeoutMs: 0,
    scope: 'test',
    onAcquire: () => undefined,
  });
}

/** Each prepares, arms the point and then does what the moment lies in. */
const acts: Readonly<Record<Act, (arm: () => void) => unknown>> = {
  create: (arm) => {
    arm();
    handle = PortPool.create({ workers: WORKERS }).handle;
  },
  attach: (arm) => {
    arm();
    PortPool.attach();
  },
  claim: (arm) => {
    arm();
    claimMany(1);
  },
  'claim all': (arm) => {
    arm();
    claimMany(PortPool.attach().ports.length);
  },
  serve: async () => {
    for (const owner of claimMany(2)) await once(net.createServer().listen(owner.port), 'listening');
  },
  release: (arm) => {
    const owners = claimMany(2);
    arm();
    owners[0]?.cleanup();
  },
  seal: async (arm) => {
    const [first, second] = [openDispenser(), openDispenser()];
    await Promise.all([first.acquire(), second.acquire()]);
    await first.releaseAll(true);
    arm();
    await second.releaseAll(true);
  },
  'give back a set': async (arm) => {
    claimMany(1);
    arm();
    const { length } = PortPool.attach().ports;
    await TCPPortOwner.acquireMany(length, { acquireTimeoutMs: 0 });
  },
  borrow: async (arm) => {
    const slice = PortPool.attach().slice(OWN_SLICE);
    for (let count = 0; count < slice.portCount; count++) await slice.acquire();
    arm();
    await slice.acquire();
  },
  work: async () => {
    for (;;) {
      await workOnce().catch(passOverExhaustion);
      await turn();
    }
  },
};

const atWork: TCPPortOwner[] = [];

/** A little of everything; the victim is killed in the middle of it. */
async function workOnce(): Promise<void> {
  const pool = PortPool.attach();
  const chance = Math.random();
  if (atWork.length >= pool.ports.length / 2 || (chance < 0.3 && atWork.length > 0)) {
    const [owner] = atWork.splice(Math.floor(Math.random() * atWork.length), 1);
    owner?.cleanup();
  } else if (chance < 0.35) {
    const dispenser = openDispenser();
    await dispenser.acquire({ acquireTimeoutMs: 50 });
    await dispenser.releaseAll(true);
  } else if (chance < 0.5) atWork.push(new TCPPortOwner({ label: 'at work' }));
  else if (chance < 0.7)
    atWork.push(...(await TCPPortOwner.acquireMany(2, { hold: chance < 0.65, acquireTimeoutMs: 50 })));
  else if (chance < 0.95)
    atWork.push(
      await pool.slice(OWN_SLICE + Math.floor(Math.random() * 2)).acquire({ acquireTimeoutMs: 50 }),
    );
  else await serveFor(atWork[0]);
}

/** Two at work can want more than there is. */
function passOverExhaustion(error: unknown): void {
  if (!(error instanceof PortPoolExhaustedError)) throw error;
}

async function serveFor(owner: TCPPortOwner | undefined): Promise<void> {
  if (owner === undefined) return;
  const server = net.createServer().listen(owner.port);
  await once(server, 'listening');
  server.close();
}

process.once('message', ({ act, point, env }: Order) => {
  Object.assign(process.env, env);
  const arm = (): void => {
    armedAt = point;
  };
  void (async () => {
    await acts[act](arm);
    arriveAt(undefined);
  })();
});
process.once('disconnect', () => process.exit());
process.send?.('ready');
