/** A test file of a user, with the plugin. Every server answers with the number of its test. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { PortPool, TCPPortOwner } from 'portslice';
import { test } from 'portslice/vitest';
import { describe } from 'vitest';
import { ask } from '../../contention/servers.ts';

const WEB = fileURLToPath(new URL('../../server/web.program.ts', import.meta.url));

/** Serves on the port and asks who answers there. */
async function whoAnswers(port: number, name: string): Promise<string> {
  const server = createServer((_, response) => response.setHeader('connection', 'close').end(name));
  await once(server.listen(port), 'listening');
  try {
    // Node's fetch does not connect under Wine.
    return await ask(port, 'server');
  } finally {
    server.close();
    await once(server, 'close');
  }
}

describe('the fixtures', () => {
  test.concurrent.for([1, 2, 3, 4])('give test %i a port of its own', async (number, { port, expect }) => {
    expect(await whoAnswers(Number(port), `${process.pid}/${number}`)).toBe(`${process.pid}/${number}`);
  });

  test('give several ports, and one of the file', async ({ ports, filePort, expect }) => {
    const more = await ports.acquireMany(3);
    expect(new Set([...more, filePort].map(Number)).size).toBe(4);
    for (const port of [...more, filePort])
      expect(await whoAnswers(Number(port), String(port))).toBe(String(port));
  });

  test('share their pool with owners that a test makes itself', async ({ port, expect }) => {
    using owner = new TCPPortOwner();
    expect(owner.port).not.toBe(Number(port));
    expect(PortPool.attach().ports).toContain(owner.port);
  });

  let serverId = 0;
  test('start servers', async ({ servers, expect }) => {
    const { port, pid } = await servers.start({ command: [process.execPath, WEB, '{port}'] });
    expect(JSON.parse(await ask(port, 'server'))).toMatchObject({ pid, port });
    serverId = pid as number;
  });

  test('have ended the server of a test that has ended', ({ expect }) => {
    expect(() => process.kill(serverId, 0)).toThrow('ESRCH');
  });

  test.fails('seal the port of a test that fails', async ({ port, expect }) => {
    expect(Number(port)).toBe(0);
  });
});
