/** Lets the system choose ports, for listening and for connecting, all the time. Argument: the folder of its log. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { ClaimLog, nowNs } from './claim-log.ts';
import { obey } from './peer.ts';

const CONCURRENCY = 4;

const { logFolder } = JSON.parse(process.argv[2] as string) as { logFolder: string };
const log = new ClaimLog(path.join(logFolder, `stranger-${process.pid}`));
const end = new AbortController();
const atWork = Array.from({ length: CONCURRENCY }, work);
obey({
  stop: async () => {
    end.abort();
    await Promise.all(atWork);
    log.flush();
  },
});

async function work(): Promise<void> {
  while (!end.signal.aborted) await takeTwoPorts();
}

async function takeTwoPorts(): Promise<void> {
  const server = createServer();
  if (!(await listens(server))) return;
  const { port } = server.address() as AddressInfo;
  const listeningFromNs = nowNs();
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const client = connect(port, '127.0.0.1');
  await once(client, 'connect');
  const connectedFromNs = nowNs();
  const clientPort = client.localPort as number;
  const [connection] = await accepted;
  const untilNs = nowNs();
  log.write({ port, fromNs: listeningFromNs, untilNs });
  log.write({ port: clientPort, fromNs: connectedFromNs, untilNs });
  // No TIME_WAIT: a client's would keep its port out of everybody's use for a minute.
  const closed = new Promise((resolve) => {
    client.on('error', resolve);
  });
  connection.resetAndDestroy();
  await closed;
  server.close();
  await once(server, 'close');
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
