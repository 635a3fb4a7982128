/** nginx with a generated configuration, on its own and in front of other servers. */
import { expect, test } from 'portslice/playwright';
import { isMissing } from '../servers/installed.ts';
import { page as pageOf, proxyTo, startNginx } from '../servers/nginx.ts';
import { startNodeHttp } from '../servers/node-http.ts';
import { startPythonHttp } from '../servers/python-http.ts';

test.skip(isMissing('nginx'), 'nginx is not installed');

test.describe('in Chromium', () => {
  test.skip(isMissing('chromium'), 'Chromium is not installed');

  test('a page comes from the nginx of this test', async ({ port, page }) => {
    await using _nginx = await startNginx(port, pageOf('Hello, Chromium'));
    await page.goto(port.url('/'));
    await expect(page.getByRole('heading')).toHaveText('Hello, Chromium');
  });

  test('Chromium sees a Node server through nginx', async ({ port, ports, page }) => {
    const backendPort = await ports.acquire();
    await using _backend = await startNodeHttp(backendPort, 'The backend');
    await using _nginx = await startNginx(port, proxyTo(backendPort));
    await page.goto(port.url('/orders/7'));
    await expect(page.getByRole('heading')).toHaveText('The backend');
    await expect(page.getByText('/orders/7')).toBeVisible();
  });
});

test('nginx stands in front of a Python server', async ({ port, ports, request }) => {
  test.skip(isMissing('python3'), 'Python is not installed');
  const backendPort = await ports.acquire();
  await using _backend = await startPythonHttp(backendPort, 'The backend');
  await using _nginx = await startNginx(port, proxyTo(backendPort));
  const response = await request.get(port.url('/'));
  expect(await response.text()).toContain('The backend');
  expect(response.headers()['server']).toMatch(/^nginx/);
});

for (const city of ['Athens', 'Berlin', 'Cairo', 'Dakar', 'Essen']) {
  test(`the site of ${city} is on a port of its own`, async ({ port, request }) => {
    await using _nginx = await startNginx(port, pageOf(city));
    const response = await request.get(port.url('/'));
    expect(await response.text()).toBe(`<h1>${city}</h1>`);
  });
}
