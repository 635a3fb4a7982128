/** Node's http. The tests of a concurrent suite run side by side in one worker, each on its own port. */
import { test } from 'portslice/vitest';
import { describe } from 'vitest';
import { nodeHttp } from '../servers/node-http.ts';

// A function, so that each test has a log of its own.
// oxlint-disable-next-line no-empty-pattern
const serverTest = test.extend({ serverOptions: async ({}, use) => use(nodeHttp('Hello, Vitest')) });

serverTest('a page comes from the server of this test', async ({ server, expect }) => {
  const response = await fetch(server.url('/'));
  expect(await response.text()).toBe('<h1>Hello, Vitest</h1><p>/</p>');
});

serverTest('a server that is started again is on the same port', async ({ server, expect }) => {
  const { pid } = server;
  await server.restart();
  expect(await textAt(server.url('/'))).toContain('Hello, Vitest');
  expect(server.pid).not.toBe(pid);
});

describe.concurrent('side by side', () => {
  for (const greeting of ['Bonjour', 'Buongiorno', 'Guten Tag', 'Hej', 'Buenos días', 'Olá']) {
    test(`a server says ${greeting}`, async ({ servers, expect }) => {
      const server = await servers.start(nodeHttp(greeting));
      expect(await textAt(server.url('/greeting'))).toBe(`<h1>${greeting}</h1><p>/greeting</p>`);
    });
  }
});

async function textAt(url: string): Promise<string> {
  const response = await fetch(url);
  return response.text();
}
