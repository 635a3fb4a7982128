/** What a worker of tinypool does: serves on ports of its own, and asks each who answers there. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { TCPPortOwner } from 'portslice';
import { ask } from '../../contention/servers.ts';

export interface Used {
  readonly ports: readonly number[];
  /** Of the servers, which answer with what they have. */
  readonly answers: readonly number[];
}

export default async function useSome({ count }: { count: number }): Promise<Used> {
  const owners = await TCPPortOwner.acquireMany(count);
  const servers = await Promise.all(owners.map(serve));
  const answers = await Promise.all(owners.map(async ({ port }) => Number(await ask(port, 'server'))));
  await Promise.all(servers.map(close));
  for (const owner of owners) owner.cleanup();
  return { ports: owners.map(Number), answers };
}

async function serve({ port }: TCPPortOwner): Promise<Server> {
  const server = createServer((_, response) => response.setHeader('connection', 'close').end(String(port)));
  await once(server.listen(port), 'listening');
  return server;
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}
