/** The projects of the user whose terminal is photographed: tests that stay as they are, so that there is something to see. */

/** Contents by path, under the user's home. */
export const PROJECTS: Readonly<Record<string, string>> = {
  'shop/package.json': `{
  "type": "module",
  "devDependencies": { "@playwright/test": "^1.65.0", "portslice": "^0.1.0" }
}`,
  'shop/tsconfig.json': '{ "compilerOptions": { "module": "esnext", "moduleResolution": "node" } }',
  'shop/playwright.config.ts': `
import { defineConfig } from '@playwright/test';
import { withPorts } from 'portslice/playwright';

export default withPorts(
  defineConfig({
    workers: 2,
    fullyParallel: true,
    timeout: 0,
    reporter: 'line',
    use: { serverOptions: { command: ['node', 'server.js'], ready: '/' } },
  }),
);
`,
  'shop/server.js': `
import { createServer } from 'node:http';

createServer((_, response) => response.end('shop')).listen(process.env.PORT);
`,
  'shop/mailer.js': `
import { createServer } from 'node:net';

createServer().listen(process.argv[2], () => console.log('ready'));
`,
  'shop/checkout.spec.ts': `
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'portslice/playwright';

test('sends a receipt', async ({ port }) => {
  const mailer = spawn('node', ['mailer.js', String(port)], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(mailer.stdout, 'data');
});

for (const title of ['pays by card', 'pays by invoice'])
  test(title, async ({ server }) => {
    await fetch(server.url('/'));
    await new Promise(() => {});
  });
`,
  'blog/package.json': `{
  "type": "module",
  "devDependencies": { "portslice": "^0.1.0", "vitest": "^5.1.0" }
}`,
  'blog/vitest.config.ts': `
import portslice from 'portslice/vitest/plugin';
import { defineConfig } from 'vitest/config';

export default defineConfig({ plugins: [portslice()], test: { testTimeout: 3_600_000 } });
`,
  'blog/visitors.test.ts': `
import { createServer } from 'node:http';
import { once } from 'node:events';
import { test } from 'portslice/vitest';

test('counts the visitors', async ({ port }) => {
  await once(createServer().listen(Number(port)), 'listening');
  await new Promise(() => setInterval(() => {}, 60_000));
});
`,
  'api/package.json': `{
  "type": "module",
  "scripts": { "dev": "portslice run --port API -- node server.js" },
  "devDependencies": { "portslice": "^0.1.0" }
}`,
  'api/server.js': `
import { createServer } from 'node:http';

createServer((_, response) => response.end('api')).listen(process.env.API ?? 3000);
`,
};
