/** Pages of Node servers in Chromium, each test with a server of its own. */
import { expect, test } from 'portslice/playwright';
import { isMissing } from '../servers/installed.ts';
import { nodeHttp } from '../servers/node-http.ts';

test.skip(isMissing('chromium'), 'Chromium is not installed');

test.describe('with a server for each test', () => {
  // A function, so that each test has a log of its own.
  // oxlint-disable-next-line no-empty-pattern
  test.use({ serverOptions: async ({}, use) => use(nodeHttp('Hello, Chromium')) });

  test('a page comes from the server of this test', async ({ page }) => {
    await page.goto('/');
    await expect(page.getByRole('heading')).toHaveText('Hello, Chromium');
  });

  test('a server that is started again is on the same port', async ({ page, server }) => {
    await page.goto('/');
    const { pid } = server;
    await server.restart();
    await page.reload();
    await expect(page.getByRole('heading')).toHaveText('Hello, Chromium');
    expect(server.pid).not.toBe(pid);
  });
});

test('a test has as many servers as it asks for', async ({ servers, page }) => {
  const bank = await servers.start(nodeHttp('The bank'));
  const shop = await servers.start(nodeHttp(`<a href="${bank.url('/pay')}">Pay</a>`));

  await page.goto(shop.url('/'));
  await page.getByRole('link', { name: 'Pay' }).click();
  await expect(page.getByRole('heading')).toHaveText('The bank');
  await expect(page).toHaveURL(bank.url('/pay'));
});

for (const greeting of ['Bonjour', 'Buongiorno', 'Guten Tag', 'Hej', 'Buenos días', 'Olá']) {
  test(`a server says ${greeting}`, async ({ servers, page }) => {
    const server = await servers.start(nodeHttp(greeting));
    await page.goto(server.url('/greeting'));
    await expect(page.getByRole('heading')).toHaveText(greeting);
    await expect(page.getByText('/greeting')).toBeVisible();
  });
}
