/** A worker that runs short tests, each with a port and a server, over and over. See small-pool.test.ts. */
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { type PortsliceError, TCPPortOwner } from '../../src/index.ts';
import { obey } from './peer.ts';

export interface SmallPoolConfig {
  readonly tests: number;
  /** Without it a port is checked as strictly as a server without SO_REUSEADDR would find it. */
  readonly hold: boolean;
}

export type ShortTest =
  /** Whether a connection of an earlier test lingered on the port when this one was given it. */
  { readonly port: number; readonly lingered: boolean } | { readonly refused: string };

/** Shorter than TIME_WAIT, which is 60 s: who waited for its end would be refused. */
const ACQUIRE_TIMEOUT_MS = 30_000;
/** As the kernel's tables name the state. */
const TIME_WAIT = '06';
/** Connections of servers on every address; without IPv6 the other table has them. Reading one takes milliseconds. */
const TABLE = existsSync('/proc/self/net/tcp6') ? '/proc/self/net/tcp6' : '/proc/self/net/tcp';

const { tests, hold } = JSON.parse(process.argv[2] as string) as SmallPoolConfig;
obey({
  run: async () => {
    const results: ShortTest[] = [];
    for (let number = 0; number < tests; number++) results.push(await runTest(number));
    return results;
  },
});

async function runTest(number: number): Promise<ShortTest> {
  try {
    using owner = await claim(number);
    // Nobody else can have left it since: the port is ours.
    const lingered = isInTimeWait(owner.port);
    await serveOnce(owner.port);
    return { port: owner.port, lingered };
  } catch (error) {
    return { refused: (error as PortsliceError).code };
  }
}

/** Every other test cannot wait at all, among them the sixth. */
async function claim(number: number): Promise<TCPPortOwner> {
  return number % 2 === 1
    ? new TCPPortOwner({ hold })
    : TCPPortOwner.acquire({ hold, acquireTimeoutMs: ACQUIRE_TIMEOUT_MS });
}

/** The server closes first. */
async function serveOnce(port: number): Promise<void> {
  const server = createServer((socket) => socket.end('good-bye'));
  await once(server.listen(port), 'listening');
  await text(connect(port, '127.0.0.1'));
  server.close();
  await once(server, 'close');
}

function isInTimeWait(port: number): boolean {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readFileSync(TABLE, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .some(([, localAddress, , state]) => localAddress?.endsWith(local) === true && state === TIME_WAIT);
}
