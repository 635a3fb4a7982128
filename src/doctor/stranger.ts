/** A server as everybody writes it, that knows nothing of portslice: its main file. */
import type { AddressInfo, Server, Socket } from 'node:net';
import { serve } from './serve.ts';

const { createServer } = process.getBuiltinModule('node:net');
const { once } = process.getBuiltinModule('node:events');
const servers: Server[] = [];
const clients = new Set<Socket>();

/** @returns the port */
async function listen(port: number, host: string): Promise<number> {
  const server = createServer((client) => {
    clients.add(client);
    client.on('error', () => client.destroy());
    client.once('close', () => clients.delete(client));
    client.write(`I am ${process.pid}.`);
  });
  server.listen({ port, host });
  await once(server, 'listening');
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

async function close(): Promise<void> {
  for (const client of clients) client.destroy();
  await Promise.all(servers.splice(0).map((server) => once(server.close(), 'close')));
}

const commands = {
  /** @returns the code of the error; undefined: it listens */
  listen: async (port: number, host: string): Promise<string | undefined> => {
    try {
      await listen(port, host);
      return undefined;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      return code ?? message;
    }
  },
  /** Also what a check that ran out of time has left. */
  close: (): Promise<void> => close(),
  /** @returns the ports that the system has picked for that many servers, all of them at the same time */
  pick: async (count: number): Promise<number[]> => {
    try {
      return await Promise.all(Array.from({ length: count }, () => listen(0, '127.0.0.1')));
    } finally {
      await close();
    }
  },
};
export type StrangerCommands = typeof commands;

serve(commands);
