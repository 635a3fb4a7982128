import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from './support/outside.ts';
import { installation } from './support/package.ts';
import { playwrightEnvironment, playwrightFiles, readRun } from './support/playwright-project.ts';
import { expect, type Finished } from './support/project.ts';
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

/** Allocates a port, serves on it, starts a server on another one, and prints where the addon was loaded from. */
const SCRIPT = `
  import { readFileSync } from 'node:fs';
  import { createServer } from 'node:http';
  import { once } from 'node:events';
  import { startServer, TCPPortOwner, waitForListening, portAllocationStats } from 'portslice';
  const owner = new TCPPortOwner();
  const server = createServer((_, response) => response.end('here')).listen(owner.port);
  await waitForListening(owner);
  console.log(await (await fetch(owner.url())).text());
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
  owner.cleanup();
  const program = "require('http').createServer((_, response) => response.end('there')).listen(process.argv[1])";
  const started = await startServer({ command: ['node', '-e', program, '{port}'], ready: '/' });
  console.log(await (await fetch(started.url())).text());
  await started.stop();
  console.log(portAllocationStats().leaks);
  console.log(/ (\\/.*koffi\\.node)/.exec(readFileSync('/proc/self/maps', 'utf8'))[1]);
`;

/** A project with the script and nothing else. */
function writeProject(folder: string): void {
  const manifest = { name: 'a-user', private: true, type: 'module' };
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(path.join(folder, 'script.js'), SCRIPT);
}

/** The machine of the tests is a busy one. */
const DOCTOR = ['doctor', '--timeout', '60'];

/** Its helpers are files of the package, which every package manager puts somewhere else, as what it looks for. */
function expectHealthy({ exitCode, output }: Finished): void {
  expect(exitCode, output).toBe(0);
  expect(output).toContain('Verdict: ok.');
  for (const point of [
    'The tests here import portslice',
    'The addon for this platform is installed',
    'None of the \\d+ packages that portslice needs has an install script',
    'No test runner is installed here',
  ])
    expect(output).toMatch(new RegExp(`^ok {7}${point}`, 'm'));
}

/** The script's output if everything is well: the pages, no leak, and an addon of this very installation. */
function expectServed(output: string, folder: string): void {
  const [page, started, leaks, addon] = output.split('\n');
  expect([page, started, leaks], output).toEqual(['here', 'there', '0']);
  expect(addon).toContain(`${folder}/`);
}

test('npm installs the package with no script to allow, and a script runs on the oldest and newest Node', async ({
  createProject,
  folder,
}) => {
  const project = await createProject({});
  writeProject(folder);
  const flags = ['--no-audit', '--no-fund', '--loglevel=warn'];
  const installed = await project.run('npm', ['install', installation().tarball, ...flags], { cwd: folder });
  expect(installed.exitCode, installed.output).toBe(0);
  expect(installed.output).not.toMatch(/allow-?scripts|install scripts?/i);
  const packages = path.join(folder, 'node_modules');
  expect(existsSync(path.join(packages, 'portslice/dist/index.js'))).toBe(true);
  // The runners are optional: who does not use one does not get it.
  for (const runner of ['@playwright/test', 'vitest', 'tinypool']) {
    expect(existsSync(path.join(packages, runner)), runner).toBe(false);
  }
  for (const node of [systemNode(), process.execPath]) {
    const { output } = await project.run(node, ['script.js'], { cwd: folder });
    expectServed(output, folder);
  }
  const command = await project.run(
    'npx',
    ['--no-install', 'portslice', 'run', '--', 'node', '-p', 'process.env.WEB'],
    { cwd: folder },
  );
  expect(command.exitCode, command.output).toBe(0);
  expect(command.stdout).toMatch(/^\d+\n$/);
  expectHealthy(await project.run('npx', ['--no-install', 'portslice', ...DOCTOR], { cwd: folder }));
  await expectAllReleased(project);
});

test('npm without optional dependencies leaves out the addon, and the error names the package to install', async ({
  createProject,
  folder,
}) => {
  const project = await createProject({});
  writeProject(folder);
  const flags = ['--omit=optional', '--no-audit', '--no-fund'];
  const installed = await project.run('npm', ['install', installation().tarball, ...flags], { cwd: folder });
  expect(installed.exitCode, installed.output).toBe(0);
  const doctor = await project.run('npx', ['--no-install', 'portslice', ...DOCTOR], { cwd: folder });
  expect(doctor.exitCode).toBe(1);
  expect(doctor.output).toMatch(
    /^FAILED: {2}The package @koromix\/koffi-\S+ is not installed\. Install again /m,
  );
  const failed = await project.run('node', ['script.js'], { cwd: folder });
  expect(failed.exitCode).toBe(1);
  expect(failed.output).toContain("code: 'PORTSLICE_FFI_UNAVAILABLE'");
  const [, add = ''] = /'npm (install --save-dev [^'$]+)'/.exec(failed.output) ?? [];
  const added = await project.run('npm', [...add.split(' '), ...flags], { cwd: folder });
  expect(added.exitCode, added.output).toBe(0);
  const { output } = await project.run('node', ['script.js'], { cwd: folder });
  expectServed(output, folder);
});

for (const nodeLinker of ['isolated', 'hoisted']) {
  test(`pnpm installs the package with nothing to allow, and a script runs: ${nodeLinker}`, async ({
    createProject,
    folder,
  }) => {
    const project = await createProject({});
    writeProject(folder);
    writeFileSync(path.join(folder, 'pnpm-workspace.yaml'), `nodeLinker: ${nodeLinker}\n`);
    const installed = await project.run('npx', ['-y', 'pnpm@latest', 'add', installation().tarball], {
      cwd: folder,
    });
    expect(installed.exitCode, installed.output).toBe(0);
    expect(installed.output).not.toMatch(/ignored build scripts|approve-builds/i);
    expect(existsSync(path.join(folder, 'node_modules/@koromix'))).toBe(nodeLinker === 'hoisted');
    const { output } = await project.run('node', ['script.js'], { cwd: folder });
    expectServed(output, folder);
    const command = path.join(folder, 'node_modules/.bin/portslice');
    expectHealthy(await project.run(command, DOCTOR, { cwd: folder }));
    await expectAllReleased(project);
  });
}

test("Yarn's Plug'n'Play, which has no node_modules, installs the package, and a script runs", async ({
  createProject,
  folder,
}) => {
  const project = await createProject({});
  writeProject(folder);
  const registry = await project.run('npm', ['config', 'get', 'registry'], { cwd: folder });
  const env = {
    YARN_ENABLE_GLOBAL_CACHE: 'false',
    YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
    YARN_ENABLE_TELEMETRY: 'false',
    YARN_GLOBAL_FOLDER: path.join(folder, '.yarn-global'),
    YARN_NODE_LINKER: 'pnp',
    YARN_NPM_REGISTRY_SERVER: registry.stdout.trim().replace(/\/$/, ''),
  };
  const yarn = (...args: string[]): Promise<Finished> =>
    project.run('npx', ['-y', '@yarnpkg/cli-dist@latest', ...args], { cwd: folder, env });
  writeFileSync(path.join(folder, 'yarn.lock'), '');
  const installed = await yarn('add', `portslice@file:${installation().tarball}`);
  expect(installed.exitCode, installed.output).toBe(0);
  expect(existsSync(path.join(folder, 'node_modules'))).toBe(false);
  const { output } = await yarn('node', 'script.js');
  expectServed(output, folder);
  expectHealthy(await yarn('portslice', ...DOCTOR));
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
