/** Runs servers for one slot of a storm, in a process that knows nothing of portslice. Argument: the log file. */
import { EventLog } from './event-log.ts';
import { type RunningServer, type ServerOrder, type ServerReport, startServer } from './servers.ts';

const log = new EventLog(process.argv[2] as string);
let server: RunningServer | undefined;

process.on('message', (order: ServerOrder) => {
  void obey(order);
});
// The worker is dead or done.
process.once('disconnect', () => {
  void server?.close();
});

async function obey(order: ServerOrder): Promise<void> {
  if ('start' in order) {
    server = await startServer(log, order.start.use, order.start.port);
  } else {
    await server?.close();
    server = undefined;
  }
  process.send?.({ isListening: server !== undefined } satisfies ServerReport);
}
