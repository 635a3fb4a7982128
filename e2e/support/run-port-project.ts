/** Projects whose server listens on a run port. */
import { INSIDE } from './playwright-project.ts';
import type { ProjectFiles } from './project.ts';

/** Tells in which folder it runs, and on which port. Other paths than / are not found. */
const SERVER = `
import { createServer } from 'node:http';
const port = Number(process.argv[2] ?? process.env.PORT);
createServer((request, response) => {
  if (request.url !== '/') response.statusCode = 404;
  response.end(JSON.stringify({ folder: process.cwd(), port, pid: process.pid }));
}).listen(port, () => console.log('listening on ' + port));
`;

const SPEC = `
import { expect, test } from '@playwright/test';
import { runPort } from 'portslice';
import { realpathSync } from 'node:fs';
import { note } from './inside.ts';

for (const title of ['first', 'second', 'third']) {
  test(title, async ({ request, baseURL }) => {
    const page = await (await request.get('/')).json();
    note(page.folder, page);
    expect(page.folder).toBe(realpathSync(import.meta.dirname));
    expect(page.port).toBe(runPort('web'));
    expect(baseURL).toBe('http://localhost:' + page.port);
  });
}
`;

export interface RunPortSettings {
  /** Of the configuration, besides the server. */
  readonly settings?: string;
  readonly webServer?: string;
  /** Of the run port, as code. */
  readonly options?: string;
}

export function runPortFiles({
  settings = '',
  webServer = '',
  options = '{}',
}: RunPortSettings = {}): ProjectFiles {
  const config = `
    import { defineConfig } from '@playwright/test';
    import { runPort } from 'portslice';
    import { withPorts } from 'portslice/playwright';
    const port = runPort('web', ${options});
    export default withPorts(
      defineConfig({
        fullyParallel: true,
        workers: 2,
        use: { baseURL: 'http://localhost:' + port },
        webServer: { command: 'node server.js', port, ${webServer} },
        ${settings}
      }),
    );
  `;
  return {
    'package.json': JSON.stringify({ type: 'module', scripts: { dev: 'portslice run -- node server.js' } }),
    'inside.ts': INSIDE,
    'server.js': SERVER,
    'playwright.config.ts': config,
    'page.spec.ts': SPEC,
  };
}
