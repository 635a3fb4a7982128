/** Pages of Node servers in Chromium, each test with a server of its own. */
import { expect, test } from 'portslice/playwright';
import { isMissing } from '../servers/installed.ts';
import { startNodeHttp } from '../servers/node-http.ts';

test.skip(isMissing('chromium'), 'Chromium is not installed');

test('a page comes from the server of this test', async ({ port, page }) => {
  await using _server = await startNodeHttp(port, 'Hello, Chromium');
  await page.goto(port.url('/'));
  await expect(page.getByRole('heading')).toHaveText('Hello, Chromium');
});

test('a server that is started again is on the same port', async ({ port, page }) => {
  const before = await startNodeHttp(port, 'Before');
  await page.goto(port.url('/'));
  await expect(page.getByRole('heading')).toHaveText('Before');
  await before.stop();

  await using _after = await startNodeHttp(port, 'After');
  await page.reload();
  await expect(page.getByRole('heading')).toHaveText('After');
});

test('a test has as many servers as it asks for', async ({ ports, page }) => {
  const [shopPort, bankPort] = await ports.acquireMany(2);
  if (shopPort === undefined || bankPort === undefined) throw new Error('acquireMany(2) gives two ports');
  await using _shop = await startNodeHttp(shopPort, `<a href="${bankPort.url('/pay')}">Pay</a>`);
  await using _bank = await startNodeHttp(bankPort, 'The bank');

  await page.goto(shopPort.url('/'));
  await page.getByRole('link', { name: 'Pay' }).click();
  await expect(page.getByRole('heading')).toHaveText('The bank');
  await expect(page).toHaveURL(bankPort.url('/pay'));
});

for (const greeting of ['Bonjour', 'Buongiorno', 'Guten Tag', 'Hej', 'Buenos días', 'Olá']) {
  test(`a server says ${greeting}`, async ({ port, page }) => {
    await using _server = await startNodeHttp(port, greeting);
    await page.goto(port.url('/greeting'));
    await expect(page.getByRole('heading')).toHaveText(greeting);
    await expect(page.getByText('/greeting')).toBeVisible();
  });
}
