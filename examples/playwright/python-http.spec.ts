/** Python's servers, asked by Chromium and by Playwright's own client. */
import { expect, test } from 'portslice/playwright';
import { isMissing } from '../servers/installed.ts';
import { pythonHttp } from '../servers/python-http.ts';

test.skip(isMissing('python3'), 'Python is not installed');

test.describe('in Chromium', () => {
  test.skip(isMissing('chromium'), 'Chromium is not installed');

  test('a page comes from the Python server of this test', async ({ servers, page }) => {
    const server = await servers.start(pythonHttp('Hello, Chromium'));
    await page.goto(server.url('/'));
    await expect(page.getByRole('heading')).toHaveText('Hello, Chromium');
  });
});

for (const planet of ['Mercury', 'Venus', 'Mars', 'Jupiter', 'Saturn', 'Uranus', 'Neptune']) {
  test(`${planet} has a server of its own`, async ({ servers, request }) => {
    const server = await servers.start(pythonHttp(planet));
    const response = await request.get(server.url('/'));
    expect(await response.text()).toBe(`<h1>${planet}</h1>`);
  });
}
