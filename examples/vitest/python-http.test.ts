/** Python's http.server. */
import { test } from 'portslice/vitest';
import { beforeEach } from 'vitest';
import { isMissing } from '../servers/installed.ts';
import { pythonHttp } from '../servers/python-http.ts';

beforeEach(({ skip }) => skip(isMissing('python3'), 'Python is not installed'));

for (const planet of ['Mercury', 'Venus', 'Earth', 'Mars', 'Jupiter', 'Saturn', 'Uranus', 'Neptune']) {
  test(`${planet} has a server of its own`, async ({ servers, expect }) => {
    const server = await servers.start(pythonHttp(planet));
    const response = await fetch(server.url('/'));
    expect(await response.text()).toBe(`<h1>${planet}</h1>`);
  });
}
