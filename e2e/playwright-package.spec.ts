import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { installed } from './support/installed-packages.ts';
import { neededProgram } from './support/needed-program.ts';
import { installation } from './support/package.ts';
import { playwrightFiles, runPlaywright } from './support/playwright-project.ts';
import { expect, type Project, type ProjectFiles, test } from './support/project.ts';

/** Nearer than the real one, and so found first. */
function missing(name: string): ProjectFiles {
  const file = `throw Object.assign(new Error("Cannot find module '${name}'"), { code: 'MODULE_NOT_FOUND' });`;
  return { [`node_modules/${name}/package.json`]: '{}', [`node_modules/${name}/index.js`]: file };
}

/** A copy of the package whose imports look into the project first. */
function copyPackage(project: Project): void {
  const ours = 'node_modules/portslice';
  cpSync(path.join(installation().dir, ours), path.join(project.dir, ours), { recursive: true });
}

const TESTS = `
  import { acquirePort, expect, test } from 'portslice/playwright';
  import { close, serve } from './inside.ts';
  test('has ports', async ({ port, workerPort }) => {
    const other = await acquirePort();
    for (const owner of [port, workerPort, other]) await close(await serve(owner));
    expect(new Set([port, workerPort, other].map(Number)).size).toBe(3);
  });
`;

test('a project that has the package playwright alone can use portslice/playwright', async ({
  createProject,
}) => {
  const project = await createProject({
    ...playwrightFiles('', { 'a.spec.ts': TESTS }),
    'playwright.config.ts': `
      import { withPorts } from 'portslice/playwright';
      export default withPorts({ workers: 1 });
    `,
    ...missing('@playwright/test'),
  });
  copyPackage(project);
  const run = await runPlaywright(project);
  expect(run.titles('passed'), run.output).toEqual(['has ports']);
  expect(run.output).not.toContain('PORTSLICE_');

  project.write(missing('playwright/test'));
  const { output } = await project.run('node', ['-e', `import('portslice/playwright')`]);
  expect(output).toContain('portslice/playwright finds neither @playwright/test nor playwright. Install one');
});

/** Its own Playwright, of another version than ours, is the only one that it finds. */
const COMPONENT_TESTING = {
  '@playwright/experimental-ct-react': '1.62.1',
  react: '19.2.0',
  'react-dom': '19.2.0',
};

function useComponentTesting(project: Project, folder: string): string {
  const from = path.join(folder, 'node_modules');
  const to = path.join(project.dir, 'node_modules');
  for (const scope of ['', '@playwright', '@vitejs']) {
    mkdirSync(path.join(to, scope), { recursive: true });
    for (const name of readdirSync(path.join(from, scope)))
      if (!/^[.]|^@playwright$|^@vitejs$/.test(name))
        symlinkSync(path.join(from, scope, name), path.join(to, scope, name));
  }
  project.write(missing('@playwright/test'));
  copyPackage(project);
  return path.join(from, 'playwright/cli.js');
}

test('component tests have ports from portFixtures', async ({ createProject }) => {
  const executablePath = neededProgram('chromium');
  const folder = installed('component-testing', COMPONENT_TESTING);
  const project = await createProject({
    'playwright/index.html': '<div id="root"></div><script type="module" src="./index.js"></script>',
    'playwright/index.js': '',
    'hello.jsx': 'export const Hello = ({ name }) => <h1>Hello {name}</h1>;',
    'hello.spec.jsx': `
      import { createServer } from 'node:http';
      import { expect, test as base } from '@playwright/experimental-ct-react';
      import { TCPPortOwner } from 'portslice';
      import { acquirePort, portFixtures } from 'portslice/playwright';
      import { Hello } from './hello';

      const test = base.extend(portFixtures);
      test('mounts a component with the text of a server', async ({ mount, port, workerPort }) => {
        const server = createServer((_, response) => response.end('world')).listen(port.port);
        const component = await mount(<Hello name={await (await fetch(port.url())).text()} />);
        await expect(component).toContainText('Hello world');
        expect(new Set([port, workerPort, await acquirePort()].map(Number)).size).toBe(3);
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      });
    `,
    'playwright-ct.config.js': `
      import { defineConfig } from '@playwright/experimental-ct-react';
      import { TCPPortOwner } from 'portslice';
      import { withPorts } from 'portslice/playwright';
      const ctPort = Number((process.env.CT_PORT ??= String(new TCPPortOwner().port)));
      const launchOptions = { executablePath: '${executablePath}', args: ['--no-sandbox'] };
      export default withPorts(defineConfig({ timeout: 60_000, expect: { timeout: 60_000 }, use: { ctPort, launchOptions } }));
    `,
  });
  const cli = useComponentTesting(project, folder);
  const { output, exitCode } = await project.run('node', [cli, 'test', '-c', 'playwright-ct.config.js']);
  expect(exitCode, output).toBe(0);
  expect(output).toContain('1 passed');
  expect(output).not.toContain('PORTSLICE_');
});
