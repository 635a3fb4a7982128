/** What DEBUG switches on, and that nothing is loaded or written where it does not ask for portslice. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { namesPortslice } from '../../src/core/trace-names.ts';
import { needProgram } from '../support/needs.ts';
import { reservePorts } from '../support/port-block.ts';
import {
  projectFolder,
  runScript,
  runToSuccess,
  type ScriptOptions,
  type ScriptResult,
} from '../support/run-script.ts';
import { traceLines } from '../support/trace-lines.ts';

/** Prints which modules it has loaded that are there for the trace alone. */
const CLAIM = `
  import { registerHooks } from 'node:module';
  const loaded = [];
  registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
  const { TCPPortOwner } = await import('ENTRY');
  new TCPPortOwner({ label: 'a test' }).cleanup();
  console.log(JSON.stringify(loaded.filter((url) => /obug|trace-lines/.test(url)).map((url) => url.replace(/.*[/]/, ''))));
`;

async function claim(DEBUG: string, entry = './dist/index.js', env = {}): Promise<ScriptResult> {
  await using block = await reservePorts(1);
  return await runToSuccess(CLAIM.replace('ENTRY', entry), {
    env: { ...env, DEBUG, PORTSLICE_PORTS: block.spec },
  });
}

test.each(['', 'vite:*,pw:api', '-portslice:*', 'portslice', 'portslicer:*', '-*'])(
  "DEBUG='%s' loads nothing and writes nothing",
  async (DEBUG) => {
    expect(await claim(DEBUG)).toMatchObject({ stdout: '[]\n', stderr: '' });
  },
);

test.each([
  { DEBUG: 'portslice:*', namespaces: ['pool', 'claim', 'release'] },
  { DEBUG: '*', namespaces: ['pool', 'claim', 'release'] },
  { DEBUG: 'ports*', namespaces: ['pool', 'claim', 'release'] },
  { DEBUG: '*:claim', namespaces: ['claim'] },
  { DEBUG: 'vite:*, portslice:claim', namespaces: ['claim'] },
  { DEBUG: 'portslice:claim portslice:pool', namespaces: ['pool', 'claim'] },
  { DEBUG: 'portslice:*,-portslice:claim', namespaces: ['pool', 'release'] },
  { DEBUG: '-portslice:p*,*', namespaces: ['claim', 'release'] },
  { DEBUG: 'portslice:*,-*', namespaces: [] },
])("DEBUG='$DEBUG' asks for $namespaces", async ({ DEBUG, namespaces }) => {
  const { stdout, stderr } = await claim(DEBUG);
  expect(traceLines(stderr).map(({ namespace }) => namespace)).toEqual(namespaces);
  expect(JSON.parse(stdout)).toEqual(expect.arrayContaining(['trace-lines.js', 'ansi.js']));
});

test('The sources write the same as the built package', async () => {
  const [sources, built] = await Promise.all(
    ['./src/index.ts', './dist/index.js'].map(async (entry) =>
      traceLines((await claim('portslice:*', entry)).stderr).map(({ namespace, text }) => [
        namespace,
        text.replaceAll(/\b\d{4,5}\b|run \w+ of pid \d+/g, ''),
      ]),
    ),
  );
  expect(sources).toEqual(built);
});

test.each([
  ['portslice:claim', true],
  ['portslice:*', true],
  ['p*', true],
  ['*', true],
  ['a, b,*:claim', true],
  ['portslice', false],
  ['portslice:', true],
  ['ports:*', false],
  ['portslices:*', false],
  ['-portslice:*', false],
  ['-*', false],
  ['', false],
])("'%s' can mean portslice: %s", (patterns, expected) => {
  expect(namesPortslice(patterns)).toBe(expected);
});

/** What every colour begins with. */
const ESCAPE = '\u{1b}[';

test.each([
  { env: { DEBUG_COLORS: '1' }, isColoured: true, hasDate: false },
  { env: { DEBUG_COLORS: '0' }, isColoured: false, hasDate: true },
  { env: { DEBUG_HIDE_DATE: '1' }, isColoured: false, hasDate: false },
  { env: {}, isColoured: false, hasDate: true },
])("obug's own variables hold: $env", async ({ env, isColoured, hasDate }) => {
  const { stderr } = await claim('portslice:claim', './dist/index.js', env);
  expect(stderr.includes(ESCAPE)).toBe(isColoured);
  expect(/^\d{4}-\d\d-\d\dT/.test(stderr)).toBe(hasDate);
});

/** Runs a program with a terminal as its stdout and stderr, of which the runner of this test has said nothing. */
const ON_TERMINAL =
  "import os, pty, sys; os.environ.pop('FORCE_COLOR', None); os.environ.pop('CI', None); sys.exit(pty.spawn(sys.argv[1:]) >> 8)";

test('On a terminal the lines are coloured, and say how long ago the last one was, unless NO_COLOR is set', async (context) => {
  const wrapper = [needProgram(context, 'python3'), '-c', ON_TERMINAL];
  const code = `import { TCPPortOwner } from './dist/index.js'; new TCPPortOwner();`;
  for (const [NO_COLOR, isColoured] of [
    ['', true],
    ['1', false],
  ] as const) {
    await using block = await reservePorts(1);
    const env = {
      DEBUG: 'portslice:claim',
      PORTSLICE_PORTS: block.spec,
      TERM: 'xterm-256color',
      NO_COLOR,
    };
    const { stdout } = await runScript(code, { env, wrapper });
    expect(stdout).toContain(`${block.ports[0]} claimed in`);
    expect({ isColoured: stdout.includes(ESCAPE), hasTime: /\+\d+ms/.test(stdout) }).toEqual({
      isColoured,
      hasTime: isColoured,
    });
  }
});

test("Others' lines of obug in the same process stay as they were", async () => {
  await using block = await reservePorts(1);
  const code = `
    import { createDebug } from 'obug';
    import { TCPPortOwner } from './dist/index.js';
    new TCPPortOwner();
    const written = [];
    process.stderr.write = (text) => written.push(text);
    createDebug('other')('hello');
    console.log(written.length);
  `;
  const { stdout } = await runScript(code, { env: { DEBUG: '*', PORTSLICE_PORTS: block.spec } });
  expect(stdout).toBe('1\n');
});

test.each([
  ['the package has a trace', true, / portslice:claim \[\d+\] \d+ claimed .*\n$/],
  [
    'nothing says that there is none',
    false,
    /^portslice: there is no trace, though DEBUG asks for it: .*Keep portslice external.*\n$/,
  ],
] as const)('A bundle beside which there is %s, and goes on', async (_, isPackageThere, expected) => {
  await using block = await reservePorts(1);
  const folder = mkdtempSync(path.join(tmpdir(), 'portslice-bundle-'));
  const bundle = path.join(folder, 'bundle.mjs');
  const packages = path.join(folder, 'node_modules');
  copyFileSync(path.join(projectFolder, 'dist/index.js'), bundle);
  mkdirSync(packages);
  symlinkSync(path.join(projectFolder, 'node_modules/@koromix'), path.join(packages, '@koromix'));
  if (isPackageThere) symlinkSync(projectFolder, path.join(packages, 'portslice'));
  const { stdout, stderr } = await runPort(bundle, { DEBUG: 'portslice:claim', PORTSLICE_PORTS: block.spec });
  rmSync(folder, { recursive: true });
  expect(stdout).toBe(`${block.ports[0]}\n`);
  expect(stderr).toMatch(expected);
  expect(stderr.split('\n')).toHaveLength(2);
});

test('A Node that requires no ES modules says so, and goes on', async () => {
  await using block = await reservePorts(1);
  const env = { DEBUG: 'portslice:*', PORTSLICE_PORTS: block.spec };
  const nodeOptions = ['--no-experimental-require-module'];
  const { stdout, stderr } = await runPort('./dist/index.js', env, { nodeOptions });
  expect(stdout).toBe(`${block.ports[0]}\n`);
  expect(stderr).toMatch(/^portslice: there is no trace, .* does not load ES modules with require/);
});

async function runPort(
  entry: string,
  env: Readonly<Record<string, string>>,
  options: ScriptOptions = {},
): Promise<ScriptResult> {
  const code = `
    import { TCPPortOwner } from ${JSON.stringify(entry)};
    try { console.log(new TCPPortOwner().port); } catch ({ code }) { console.log(code); }
  `;
  return runScript(code, { ...options, env });
}
