/** Python's servers, asked by Chromium and by Playwright's own client. */
import { expect, test } from 'portslice/playwright';
import { isMissing } from '../servers/installed.ts';
import { startPythonHttp } from '../servers/python-http.ts';

test.skip(isMissing('python3'), 'Python is not installed');

test.describe('in Chromium', () => {
  test.skip(isMissing('chromium'), 'Chromium is not installed');

  test('a page comes from the Python server of this test', async ({ port, page }) => {
    await using _server = await startPythonHttp(port, 'Hello, Chromium');
    await page.goto(port.url('/'));
    await expect(page.getByRole('heading')).toHaveText('Hello, Chromium');
  });
});

for (const planet of ['Mercury', 'Venus', 'Mars', 'Jupiter', 'Saturn', 'Uranus', 'Neptune']) {
  test(`${planet} has a server of its own`, async ({ port, request }) => {
    await using _server = await startPythonHttp(port, planet);
    const response = await request.get(port.url('/'));
    expect(await response.text()).toBe(`<h1>${planet}</h1>`);
  });
}
