import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { installation } from './support/package.ts';
import { playwrightEnvironment, playwrightFiles, readRun } from './support/playwright-project.ts';
import { expect, test } from './support/project.ts';
import { expectAllReleased } from './support/what-is-left.ts';

/** The Node of the system, which users have, as opposed to the one that we install for ourselves. */
function systemNode(): string {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  const found = folders
    .filter((folder) => !folder.includes('node_modules'))
    .map((folder) => path.join(folder, 'node'))
    .find((file) => existsSync(file));
  return found ?? process.execPath;
}

const SCRIPT = `
  import { createServer } from 'node:http';
  import { once } from 'node:events';
  import { TCPPortOwner, waitForListening, portAllocationStats } from 'portslice';
  const owner = new TCPPortOwner();
  const server = createServer((_, response) => response.end('here')).listen(owner.port);
  await waitForListening(owner);
  console.log(await (await fetch(owner.url())).text());
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
  owner.cleanup();
  console.log(portAllocationStats().leaks);
`;

test('npm installs the package with what it needs, and a script runs on the oldest and newest Node', async ({
  createProject,
}) => {
  const project = await createProject({
    'package.json': '{ "name": "a-user", "type": "module" }',
    'script.js': SCRIPT,
  });
  // Install scripts, which many switch off, are not needed.
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  const installed = await project.run('npm', ['install', installation().tarball, ...flags]);
  expect(installed.exitCode, installed.output).toBe(0);
  const packages = path.join(project.dir, 'node_modules');
  expect(existsSync(path.join(packages, 'portslice/dist/index.js'))).toBe(true);
  // The runners are optional: who does not use one does not get it.
  for (const runner of ['@playwright/test', 'vitest', 'tinypool']) {
    expect(existsSync(path.join(packages, runner)), runner).toBe(false);
  }
  for (const node of [systemNode(), process.execPath]) {
    const { output } = await project.run(node, ['script.js']);
    expect(output, node).toBe('here\n0\n');
  }
  await expectAllReleased(project);
});

test('Playwright runs with the fixtures on the Node of the system', async ({ createProject }) => {
  const node = systemNode();
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  const files = playwrightFiles('workers: 2, fullyParallel: true', {
    'a.spec.ts': `
      import { expect, test } from 'portslice/playwright';
      import { close, serve } from './inside.ts';
      for (const title of ['one', 'two', 'three']) {
        test(title, async ({ port, ports, workerPort }) => {
          expect(process.version).toBe('${version}');
          for (const owner of [port, await ports.acquire()]) await close(await serve(owner));
        });
      }
    `,
  });
  const project = await createProject(files);
  const commandLine = path.join(installation().dir, 'node_modules/@playwright/test/cli.js');
  const finished = await project.run(
    node,
    [commandLine, 'test', '--reporter=line,json'],
    playwrightEnvironment(project),
  );
  const run = readRun(project, finished);
  expect(run.titles('passed'), run.output).toHaveLength(3);
  expect(new Set(run.log.map(({ port }) => port)).size).toBe(6);
  await expectAllReleased(project);
});
