import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { findForeignListeners } from '../../src/report/foreign-listeners.ts';
import { reservePorts } from '../support/port-block.ts';

test('who listens on a port of the pool is named with the process, unless it is a server of the run', async () => {
  await using block = await reservePorts(10);
  const [firstPort = 0, own = 0, ...others] = block.ports;
  const servers = [firstPort, own].map((port) => createServer().listen(port));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ranges = [{ firstPort, lastPort: others.at(-1) ?? 0 }];
  expect(findForeignListeners(ranges, new Set([own]))).toEqual([
    { port: firstPort, processId: process.pid, command: expect.stringContaining('node') as string },
  ]);
  for (const server of servers) server.close();
});
