/** nginx with a generated configuration, on its own and in front of a Node server. */
import { test } from 'portslice/vitest';
import { beforeEach } from 'vitest';
import { isMissing } from '../servers/installed.ts';
import { page, proxyTo, startNginx } from '../servers/nginx.ts';
import { startNodeHttp } from '../servers/node-http.ts';

beforeEach(({ skip }) => skip(isMissing('nginx'), 'nginx is not installed'));

test('nginx serves its one page and nothing else', async ({ port, expect }) => {
  await using _nginx = await startNginx(port, page('Hello, Vitest'));
  const found = await fetch(port.url('/'));
  const notFound = await fetch(port.url('/elsewhere'));
  expect(await found.text()).toBe('<h1>Hello, Vitest</h1>');
  expect(notFound.status).toBe(404);
});

test('nginx stands in front of a Node server', async ({ port, ports, expect }) => {
  const backendPort = await ports.acquire();
  await using _backend = await startNodeHttp(backendPort, 'The backend');
  await using _nginx = await startNginx(port, proxyTo(backendPort));
  const response = await fetch(port.url('/orders/7'));
  expect(await response.text()).toBe('<h1>The backend</h1><p>/orders/7</p>');
  expect(response.headers.get('server')).toMatch(/^nginx/);
});

for (const city of ['Athens', 'Berlin', 'Cairo', 'Dakar', 'Essen', 'Fes']) {
  test(`the site of ${city} is on a port of its own`, async ({ port, expect }) => {
    await using _nginx = await startNginx(port, page(city));
    const response = await fetch(port.url('/'));
    expect(await response.text()).toBe(`<h1>${city}</h1>`);
  });
}
