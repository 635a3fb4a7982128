/** The servers of a storm: real HTTP servers that answer with whose they are and write into the log what they do. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { EventLog } from './event-log.ts';

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

/** From and to the process of server.program.ts, which has one server at a time. */
export type ServerOrder = { readonly start: { use: string; port: number } } | { readonly close: true };
export type ServerReport = { readonly isListening: boolean };

/** Starts the process in which one slot's servers run, one after another. It ends with this process. */
export function startServerProcess(logFile: string): StartServer {
  const program = fork(new URL('server.program.ts', import.meta.url), [logFile]);
  return async (use, port) => {
    const { isListening } = await tell(program, { start: { use, port } });
    if (!isListening) return undefined;
    return {
      close: async () => {
        await tell(program, { close: true });
      },
    };
  };
}

async function tell(program: ChildProcess, order: ServerOrder): Promise<ServerReport> {
  const answer = once(program, 'message');
  program.send(order);
  const [report] = (await answer) as [ServerReport];
  return report;
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
