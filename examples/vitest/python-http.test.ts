/** Python's http.server. */
import { test } from 'portslice/vitest';
import { beforeEach } from 'vitest';
import { isMissing } from '../servers/installed.ts';
import { startPythonHttp } from '../servers/python-http.ts';

beforeEach(({ skip }) => skip(isMissing('python3'), 'Python is not installed'));

for (const planet of ['Mercury', 'Venus', 'Earth', 'Mars', 'Jupiter', 'Saturn', 'Uranus', 'Neptune']) {
  test(`${planet} has a server of its own`, async ({ port, expect }) => {
    await using _server = await startPythonHttp(port, planet);
    const response = await fetch(port.url('/'));
    expect(await response.text()).toBe(`<h1>${planet}</h1>`);
  });
}
