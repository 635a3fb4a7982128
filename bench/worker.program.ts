/**
 * A worker of a run that does what its parent says, one order at a time. Its parent gives it the pool in its environment.
 * usage: node worker.program.ts <worker's number, from 1> <URL of portslice>; worker.ts starts it
 */
import net from 'node:net';
import type * as Portslice from '../src/index.ts';

export type Order =
  /** Own so many ports from now on. */
  | { readonly do: 'hold'; readonly count: number }
  /** Claim and release so many times; answers with Times. */
  | { readonly do: 'measure'; readonly count: number }
  /** The same, on another pool. */
  | { readonly do: 'warm up'; readonly count: number }
  /** Listen on these ports from now on. */
  | { readonly do: 'listen'; readonly ports: readonly number[] }
  /** Answers with the ports of the worker's slice. */
  | { readonly do: 'tell' };

/** In microseconds, claim by claim. */
export interface Times {
  readonly claims: readonly number[];
  readonly releases: readonly number[];
}

const [workerId, source = ''] = process.argv.slice(2);
// What tinypool leaves in its workers: the hint for the slice.
Object.assign(process, { __tinypool_state__: { workerId: Number(workerId) } });
const { PortPool, TCPPortOwner } = (await import(source)) as typeof Portslice;
const owners: Portslice.TCPPortOwner[] = [];

process.on('message', (order: Order) => void obey(order).then((answer) => process.send?.(answer)));
process.send?.(null);

async function obey(order: Order): Promise<unknown> {
  if (order.do === 'measure') return measure(order.count);
  if (order.do === 'tell') return tellSlice();
  if (order.do === 'hold') hold(order.count);
  else if (order.do === 'warm up') warmUp(order.count);
  else await Promise.all(order.ports.map(listenOn));
  return null;
}

function hold(count: number): void {
  while (owners.length > count) owners.pop()?.cleanup();
  while (owners.length < count) owners.push(new TCPPortOwner());
}

function measure(count: number): Times {
  const claims: number[] = [];
  const releases: number[] = [];
  for (let claim = 0; claim < count; claim++) {
    const startMs = performance.now();
    const owner = new TCPPortOwner();
    const claimedMs = performance.now();
    owner.cleanup();
    releases.push((performance.now() - claimedMs) * 1000);
    claims.push((claimedMs - startMs) * 1000);
  }
  return { claims, releases };
}

/** V8 compiles what runs often. Without a published pool the process makes one of its own. */
function warmUp(count: number): void {
  const handle = process.env['PORTSLICE_POOL'];
  delete process.env['PORTSLICE_POOL'];
  measure(count);
  process.env['PORTSLICE_POOL'] = handle;
}

function listenOn(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    net
      .createServer()
      .once('error', reject)
      .listen(port, () => resolve());
  });
}

function tellSlice(): number[] {
  const pool = PortPool.attach();
  const { first, portCount } = pool.slice(Number(workerId));
  const start = pool.ports.indexOf(first);
  return Array.from(
    { length: portCount },
    (_, step) => pool.ports[(start + step) % pool.ports.length] as number,
  );
}
