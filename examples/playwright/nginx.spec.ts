/** nginx with a generated configuration, on its own and in front of other servers. */
import { expect, test } from 'portslice/playwright';
import { isMissing } from '../servers/installed.ts';
import { nginx, page as pageOf, proxyTo } from '../servers/nginx.ts';
import { nodeHttp } from '../servers/node-http.ts';
import { pythonHttp } from '../servers/python-http.ts';

test.skip(isMissing('nginx'), 'nginx is not installed');

test.describe('in Chromium', () => {
  test.skip(isMissing('chromium'), 'Chromium is not installed');

  test('a page comes from the nginx of this test', async ({ servers, page }) => {
    const server = await servers.start(nginx(pageOf('Hello, Chromium')));
    await page.goto(server.url('/'));
    await expect(page.getByRole('heading')).toHaveText('Hello, Chromium');
  });

  test('Chromium sees a Node server through nginx', async ({ servers, page }) => {
    const backend = await servers.start(nodeHttp('The backend'));
    const server = await servers.start(nginx(proxyTo(backend)));
    await page.goto(server.url('/orders/7'));
    await expect(page.getByRole('heading')).toHaveText('The backend');
    await expect(page.getByText('/orders/7')).toBeVisible();
  });
});

test('nginx stands in front of a Python server', async ({ servers, request }) => {
  test.skip(isMissing('python3'), 'Python is not installed');
  const backend = await servers.start(pythonHttp('The backend'));
  const server = await servers.start(nginx(proxyTo(backend)));
  const response = await request.get(server.url('/'));
  expect(await response.text()).toContain('The backend');
  expect(response.headers()['server']).toMatch(/^nginx/);
});

for (const city of ['Athens', 'Berlin', 'Cairo', 'Dakar', 'Essen']) {
  test(`the site of ${city} is on a port of its own`, async ({ servers, request }) => {
    const server = await servers.start(nginx(pageOf(city)));
    const response = await request.get(server.url('/'));
    expect(await response.text()).toBe(`<h1>${city}</h1>`);
  });
}
