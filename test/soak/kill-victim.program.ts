/**
 * A process that is going to be killed. The first argument is the URL of the portslice build that it loads, its only message
 * says what it does and where it stops. It writes to descriptor 3 when it is there, and then waits for its end.
 */
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import net from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type * as Portslice from '../../src/index.ts';
import type * as Owner from '../../src/pool/api/tcp-port-owner.ts';
import type * as Release from '../../src/pool/claim/release.ts';
import type { Act } from './kill-moments.ts';
import type { PausePoint } from './pause-points.ts';

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

const source = process.argv[2] as string;
const { PortPool, PortPoolExhaustedError, TCPPortOwner } = (await import(source)) as typeof Portslice;
const { releaseClaim } = (await import(new URL('pool/release.ts', source).href)) as typeof Release;
const { claimOf } = (await import(new URL('pool/tcp-port-owner.ts', source).href)) as typeof Owner;

let armedAt: PausePoint | undefined;
let handle: string | undefined;

Object.assign(globalThis, {
  pausePoint: (point: PausePoint) => {
    if (point === armedAt) arriveAt(point);
  },
});

/** Blocks here, in the middle of whatever is on the stack. */
function arriveAt(point: PausePoint | undefined): never {
  writeSync(3, `${JSON.stringify({ point, handle } satisfies Arrival)}\n`);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PATIENCE_MS);
  process.exit(1);
}

function claimMany(count: number): Portslice.TCPPortOwner[] {
  return Array.from({ length: count }, () => new TCPPortOwner());
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
  seal: (arm) => {
    const [first, second] = claimMany(2) as [Portslice.TCPPortOwner, Portslice.TCPPortOwner];
    releaseClaim(claimOf(first), true);
    arm();
    releaseClaim(claimOf(second), true);
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

const atWork: Portslice.TCPPortOwner[] = [];

/** A little of everything; the victim is killed in the middle of it. */
async function workOnce(): Promise<void> {
  const pool = PortPool.attach();
  const chance = Math.random();
  if (atWork.length >= pool.ports.length / 2 || (chance < 0.3 && atWork.length > 0)) {
    const [owner] = atWork.splice(Math.floor(Math.random() * atWork.length), 1);
    if (owner !== undefined) releaseClaim(claimOf(owner), chance < 0.05);
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

async function serveFor(owner: Portslice.TCPPortOwner | undefined): Promise<void> {
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
