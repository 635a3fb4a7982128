/** Tests of a user of Playwright: every server answers with the name of its test. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'portslice/playwright';
import { ask } from '../../contention/servers.ts';

const WEB = fileURLToPath(new URL('../../server/web.program.ts', import.meta.url));

for (const name of ['one', 'two', 'three', 'four']) {
  test(name, async ({ port, workerPort }) => {
    expect(Number(port)).not.toBe(Number(workerPort));
    const server = createServer((_, response) => response.setHeader('connection', 'close').end(name));
    await once(server.listen(Number(port)), 'listening');
    expect(await ask(Number(port), 'server')).toBe(name);
    server.close();
    await once(server, 'close');
  });
}

test.describe('a server', () => {
  test.use({ serverOptions: { command: [process.execPath, WEB, '{port}'] } });

  test('of the test answers its requests', async ({ request, server }) => {
    const answer = (await (await request.get('/')).json()) as { readonly pid: number };
    expect(answer.pid).toBe(server.pid);
  });
});
