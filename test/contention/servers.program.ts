/** Runs servers for one slot of a storm, one at a time, in a process that knows nothing of portslice. */
import { programConfig, serve } from '../support/serve.ts';
import { EventLog } from './event-log.ts';
import { type RunningServer, startServer } from './servers.ts';

const { logFile, worker } = programConfig() as { logFile: string; worker: number };
const log = new EventLog(logFile, worker);
let server: RunningServer | undefined;

const commands = {
  /** @returns whether it listens */
  start: async (use: string, port: number): Promise<boolean> => {
    server = await startServer(log, use, port);
    return server !== undefined;
  },
  close: async (): Promise<void> => server?.close(),
};
export type ServersCommands = typeof commands;
serve(commands);
