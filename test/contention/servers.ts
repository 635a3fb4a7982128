/** The servers of a storm: real HTTP servers that answer with whose they are and write into the log what they do. */
import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { startProgram } from '../support/program.ts';
import type { EventLog } from './event-log.ts';
import type { ServersCommands } from './servers.program.ts';

export interface RunningServer {
  close(): Promise<void>;
}

/** @returns undefined if the server could not listen */
export type StartServer = (use: string, port: number) => Promise<RunningServer | undefined>;

/** Starts a server in this process. */
export async function startServer(
  log: EventLog,
  use: string,
  port: number,
): Promise<RunningServer | undefined> {
  const server = createServer((_, response) => response.end(use));
  try {
    await once(server.listen(port), 'listening');
  } catch (error) {
    log.write('failed', use, port, (error as NodeJS.ErrnoException).code);
    return undefined;
  }
  log.write('bound', use, port);
  return {
    close: async () => {
      log.write('closing', use, port);
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

/** Starts the process in which one slot's servers run. It ends with this process. */
export function startServerProcess(logFile: string, worker: number): StartServer {
  const url = new URL('servers.program.ts', import.meta.url);
  const program = startProgram<ServersCommands>(url, { config: { logFile, worker } });
  return async (use, port) => {
    const isListening = await program.call('start', use, port);
    return isListening ? { close: () => program.call('close') } : undefined;
  };
}

/** Who answers on the port, or why nobody does. */
export async function ask(port: number, closesFirst: 'server' | 'client'): Promise<string> {
  const agent = new Agent({ keepAlive: closesFirst === 'client' });
  try {
    const request = get({ host: '127.0.0.1', port, agent });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return await text(response);
  } catch (error) {
    return String(error);
  } finally {
    agent.destroy();
  }
}
