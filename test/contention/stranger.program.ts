/** A program that lets the system choose ports, for listening and for connecting, all the time. Argument: the log file. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { EventLog } from './event-log.ts';

const CONCURRENCY = 4;

const log = new EventLog(process.argv[2] as string);
process.once('disconnect', () => process.exit());
for (let number = 0; number < CONCURRENCY; number++) void goOn(number);

async function goOn(number: number): Promise<never> {
  for (let turn = 0; ; turn++) {
    await takeTwoPorts(`stranger ${process.pid}/${number}/${turn}`);
    if (number === 0 && turn === 0) process.send?.('at work');
  }
}

async function takeTwoPorts(use: string): Promise<void> {
  const server = createServer();
  try {
    await once(server.listen(0), 'listening');
  } catch (error) {
    // Two that were bound to the same port, and the other one was first to listen: just what the hold prevents.
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return;
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  log.write('strangerTook', `${use} listening`, port);
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const client = connect(port, '127.0.0.1');
  await once(client, 'connect');
  const clientPort = client.localPort as number;
  log.write('strangerTook', `${use} connecting`, clientPort);
  const [connection] = await accepted;
  log.write('strangerLeaves', `${use} connecting`, clientPort);
  log.write('strangerLeaves', `${use} listening`, port);
  // The server's side closes first: a client's TIME_WAIT would keep its port out of everybody's use for a minute.
  connection.destroy();
  client.resume();
  await once(client, 'close');
  server.close();
  await once(server, 'close');
}
