/** Node's http. The tests of a concurrent suite run side by side in one worker, each on its own port. */
import { test } from 'portslice/vitest';
import { describe } from 'vitest';
import { startNodeHttp } from '../servers/node-http.ts';

test('a page comes from the server of this test', async ({ port, expect }) => {
  await using _server = await startNodeHttp(port, 'Hello, Vitest');
  const response = await fetch(port.url('/'));
  expect(await response.text()).toBe('<h1>Hello, Vitest</h1><p>/</p>');
});

test('a server that is started again is on the same port', async ({ port, expect }) => {
  const before = await startNodeHttp(port, 'Before');
  expect(await textAt(port.url('/'))).toContain('Before');
  await before.stop();

  await using _after = await startNodeHttp(port, 'After');
  expect(await textAt(port.url('/'))).toContain('After');
});

describe.concurrent('side by side', () => {
  for (const greeting of ['Bonjour', 'Buongiorno', 'Guten Tag', 'Hej', 'Buenos días', 'Olá']) {
    test(`a server says ${greeting}`, async ({ port, expect }) => {
      await using _server = await startNodeHttp(port, greeting);
      expect(await textAt(port.url('/greeting'))).toBe(`<h1>${greeting}</h1><p>/greeting</p>`);
    });
  }
});

async function textAt(url: string): Promise<string> {
  const response = await fetch(url);
  return response.text();
}
