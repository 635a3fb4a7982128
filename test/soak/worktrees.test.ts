/**
 * Proves that a run of tests never meets the server of another checkout: two worktrees of one repository, in each of them a dev
 * server (`portslice run`), and in each a Playwright run at the same time as in the other, half of the rounds with
 * `reuseExistingServer`, which joins the dev server, and half without. All share 40 ports. Every page says which folder
 * it is of. Now and then a dev server is killed, and started anew.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemNeeds } from '../../scripts/system-needs.ts';
import { installBuiltPackage } from '../support/built-package.ts';
import { cleanEnvironment } from '../support/environment.ts';
import { type LiveProcess, startProcess } from '../support/live-process.ts';
import { reservePorts } from '../support/port-block.ts';
import { projectFolder } from '../support/run-script.ts';
import { until } from '../support/until.ts';
import { repetitions, soakTimeoutMs } from './scale.ts';

/** Of two runs each. */
const ROUNDS = repetitions(3, 100);
const TIMEOUT_MS = soakTimeoutMs(300_000, 7_200_000);
/** A dev server is killed before each of these rounds, in turn. */
const KILL_EVERY = repetitions(2, 7);

const SERVER = `
import { createServer } from 'node:http';
createServer((_, response) => response.end(process.cwd())).listen(Number(process.env.PORT));
`;
const CONFIG = `
import { defineConfig } from '@playwright/test';
import { runPort } from 'portslice';
import { withPorts } from 'portslice/playwright';
const reuseExistingServer = process.env.REUSE === '1';
const port = runPort('web', { join: reuseExistingServer });
export default withPorts(defineConfig({
  reporter: 'line',
  workers: 1,
  use: { baseURL: 'http://localhost:' + port },
  webServer: { command: 'node server.js', port, reuseExistingServer },
}));
`;
const SPEC = `
import { expect, test } from '@playwright/test';
import { realpathSync } from 'node:fs';
test('finds its own page', async ({ request, baseURL }) => {
  const folder = realpathSync(import.meta.dirname);
  for (let step = 0; step < 5; step++) expect(await (await request.get('/')).text()).toBe(folder);
  console.log('PAGE ' + baseURL);
});
`;

let base: string;
let worktrees: readonly string[];

beforeAll(() => {
  base = realpathSync(mkdtempSync(path.join(tmpdir(), 'portslice-worktrees-')));
  installBuiltPackage(base, projectFolder);
  const first = path.join(base, 'first');
  const second = path.join(base, 'second');
  const git = (...args: string[]): void => void execFileSync('git', args, { cwd: first, stdio: 'pipe' });
  execFileSync('git', ['init', '--quiet', first], { stdio: 'pipe' });
  writeFileSync(path.join(first, 'package.json'), JSON.stringify({ type: 'module' }));
  writeFileSync(path.join(first, 'server.js'), SERVER);
  writeFileSync(path.join(first, 'playwright.config.ts'), CONFIG);
  writeFileSync(path.join(first, 'page.spec.ts'), SPEC);
  git('add', '.');
  git('-c', 'user.name=test', '-c', 'user.email=test@localhost', 'commit', '--quiet', '-m', 'all');
  git('worktree', 'add', '--quiet', second);
  worktrees = [first, second];
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

describe(`${ROUNDS} times two runs in two worktrees with dev servers`, { timeout: TIMEOUT_MS }, () => {
  it('never meet the page of the other one', async ({ skip }) => {
    skip(systemNeeds().git === undefined, 'git is missing');
    await using block = await reservePorts(40);
    const env = cleanEnvironment({
      PATH: [path.dirname(process.execPath), path.join(base, 'node_modules/.bin'), process.env['PATH']].join(
        ':',
      ),
      PORTSLICE_PORTS: block.spec,
    });
    const dev = worktrees.map((folder) => startDev(folder, env));
    const joined: boolean[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      if (round % KILL_EVERY === KILL_EVERY - 1) await replaceOne(dev, round, env);
      const addresses = await Promise.all(worktrees.map((folder) => addressOf(folder, env)));
      const reuse = round % 2 === 0;
      const pages = await Promise.all(
        worktrees.map((folder) => runTests(folder, { ...env, REUSE: reuse ? '1' : '' })),
      );
      for (const [at, page] of pages.entries()) joined.push(page === addresses[at]);
      expect(new Set([...pages, ...addresses]).size).toBe(reuse ? 2 : 4);
    }
    expect(joined.filter(Boolean)).toHaveLength(2 * Math.ceil(ROUNDS / 2));
    await Promise.all(dev.map(async ({ child, exit }) => (child.kill('SIGTERM'), exit)));
  });
});

function startDev(folder: string, env: NodeJS.ProcessEnv): LiveProcess {
  return startProcess(['portslice', 'run', '--', 'node', 'server.js'], { cwd: folder, env });
}

/** Without a chance to clean up: what it has started must not be taken for the next one's, nor for the other worktree's. */
async function replaceOne(dev: LiveProcess[], round: number, env: NodeJS.ProcessEnv): Promise<void> {
  const at = round % dev.length;
  await dev[at]?.kill();
  dev[at] = startDev(worktrees[at] as string, env);
}

/** Waits until the dev server listens. */
async function addressOf(folder: string, env: NodeJS.ProcessEnv): Promise<string> {
  let address = '';
  await until(`${folder} is served`, async () => {
    address = (await output(['portslice', 'url'], env, folder)).trim();
    return address !== '';
  });
  return address;
}

/** Where the tests have found their page. */
async function runTests(folder: string, env: NodeJS.ProcessEnv): Promise<string> {
  const all = await output(['playwright', 'test'], env, folder);
  const [, page] = /^PAGE (\S+)$/m.exec(all) ?? [];
  if (page === undefined) throw new Error(`The tests have found no page:\n${all}`);
  expect(all).toContain('1 passed');
  return page;
}

async function output(command: readonly string[], env: NodeJS.ProcessEnv, cwd = base): Promise<string> {
  const { child, exit } = startProcess(command, { env, cwd, stdout: 'pipe' });
  const [stdout, { stderr }] = await Promise.all([text(child.stdout as NodeJS.ReadableStream), exit]);
  return command[0] === 'playwright' ? `${stdout}\n${stderr}` : stdout;
}
