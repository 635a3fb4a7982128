/** nginx with a generated configuration, on its own and in front of a Node server. */
import { test } from 'portslice/vitest';
import { beforeEach } from 'vitest';
import { isMissing } from '../servers/installed.ts';
import { nginx, page, proxyTo } from '../servers/nginx.ts';
import { nodeHttp } from '../servers/node-http.ts';

beforeEach(({ skip }) => skip(isMissing('nginx'), 'nginx is not installed'));

test('nginx serves its one page and nothing else', async ({ servers, expect }) => {
  const server = await servers.start(nginx(page('Hello, Vitest')));
  const found = await fetch(server.url('/'));
  const notFound = await fetch(server.url('/elsewhere'));
  expect(await found.text()).toBe('<h1>Hello, Vitest</h1>');
  expect(notFound.status).toBe(404);
});

test('nginx stands in front of a Node server', async ({ servers, expect }) => {
  const backend = await servers.start(nodeHttp('The backend'));
  const server = await servers.start(nginx(proxyTo(backend)));
  const response = await fetch(server.url('/orders/7'));
  expect(await response.text()).toBe('<h1>The backend</h1><p>/orders/7</p>');
  expect(response.headers.get('server')).toMatch(/^nginx/);
});

for (const city of ['Athens', 'Berlin', 'Cairo', 'Dakar', 'Essen', 'Fes']) {
  test(`the site of ${city} is on a port of its own`, async ({ servers, expect }) => {
    const server = await servers.start(nginx(page(city)));
    const response = await fetch(server.url('/'));
    expect(await response.text()).toBe(`<h1>${city}</h1>`);
  });
}
