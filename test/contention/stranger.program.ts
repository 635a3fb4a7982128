/** Lets the system choose ports, for listening and for connecting, all the time, and knows nothing of portslice. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Span } from '../support/overlaps.ts';
import { serve } from '../support/serve.ts';
import { nowUs } from './event-log.ts';

const CONCURRENCY = 4;

const spans: Span[] = [];
const end = new AbortController();
let hasHadPorts = (): void => undefined;
const firstPorts = new Promise<void>((resolve) => (hasHadPorts = resolve));
const atWork = Array.from({ length: CONCURRENCY }, work);

const commands = {
  /** Resolves when it has had its first ports. */
  start: (): Promise<void> => firstPorts,
  /** @returns all that the system has given to it */
  stop: async (): Promise<readonly Span[]> => {
    end.abort();
    await Promise.all(atWork);
    return spans;
  },
};
export type StrangerCommands = typeof commands;
serve(commands);

async function work(): Promise<void> {
  while (!end.signal.aborted) {
    await takeTwoPorts();
    hasHadPorts();
  }
}

async function takeTwoPorts(): Promise<void> {
  const server = createServer();
  if (!(await listens(server))) return;
  const { port } = server.address() as AddressInfo;
  const listeningFrom = nowUs();
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const client = connect(port, '127.0.0.1');
  await once(client, 'connect');
  const connectedFrom = nowUs();
  const [connection] = await accepted;
  note(port, listeningFrom, 'listening');
  note(client.localPort as number, connectedFrom, 'connecting');
  // No TIME_WAIT: a client's would keep its port out of everybody's use for a minute.
  const closed = new Promise((resolve) => {
    client.on('error', resolve);
  });
  connection.resetAndDestroy();
  await closed;
  server.close();
  await once(server, 'close');
}

/** Until now it certainly had the port. */
function note(port: number, from: number, what: string): void {
  spans.push({ port, owner: `stranger ${process.pid} ${what}`, from, until: nowUs() });
}

async function listens(server: Server): Promise<boolean> {
  try {
    await once(server.listen(0), 'listening');
    return true;
  } catch (error) {
    // Two that were bound to the same port, and the other one was first to listen: just what the hold prevents.
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
}
