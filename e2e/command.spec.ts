/** What all commands of `portslice` have in common: help, exit codes, JSON, colours. */
import { readFileSync, symlinkSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { findSchemaProblem } from '../test/support/check-schema.ts';
import { installation } from './support/package.ts';
import { expect, type Finished, type Project, test } from './support/project.ts';
import { openTerminal } from './support/terminal.ts';

const OWN_FAILURE = 125;
const ESC = '\u001b';
/** What follows is turned. */
const TO_THE_LEFT = '\u202e';

async function readHelp(project: Project, ...words: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await project.run('portslice', words);
  expect(exitCode, stderr).toBe(0);
  return stdout;
}

async function findCommands(project: Project): Promise<string[]> {
  const help = await readHelp(project, '--help');
  const [, list = ''] = /^Commands:\n((?: +.*\n)+)/m.exec(help) ?? [];
  return [...list.matchAll(/^ {2}(\w+)/gm)].map(([, name = '']) => name).filter((name) => name !== 'help');
}

function codesIn(help: string): number[] {
  const [, list = ''] = help.split('Exit codes:\n');
  return [...list.matchAll(/^ {2}(\d+) +\S/gm)].map(([, code]) => Number(code));
}

test('each command says how it is used, with options, examples and exit codes, in 80 columns', async ({
  createProject,
}) => {
  const project = await createProject({});
  const commands = await findCommands(project);
  expect(commands).toContain('doctor');
  for (const name of commands) {
    const help = await readHelp(project, name, '--help');
    expect(help).toMatch(new RegExp(`^Usage: portslice ${name} `));
    for (const part of ['Options:\n  -', `Examples:\n  $ portslice ${name}`, 'Exit codes:\n  '])
      expect(help).toContain(part);
    expect(codesIn(help)).toContain(OWN_FAILURE);
    expect(await readHelp(project, 'help', name)).toBe(help);
    const text = help.replaceAll(/^ {2}\$ .*$/gm, '');
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  }
});

const SERVER = `
  import { createServer } from 'node:http';
  const server = createServer().listen(process.env.PORT ?? 0, () => console.log('listening on', server.address().port));
`;

type Scenario = (project: Project) => Promise<Finished>;

const wrong =
  (name: string): Scenario =>
  (project) =>
    project.run('portslice', [name, '--no-such-option']);

async function during(
  project: Project,
  command: readonly [string, ...string[]],
  act: (port: string) => Promise<Finished>,
): Promise<Finished> {
  const [program, ...args] = command;
  const server = project.start(program, args);
  const [, port = ''] = await server.waitForOutput(/listening on (\d+)/);
  try {
    return await act(port);
  } finally {
    server.kill();
    await server.finished;
  }
}

const SERVED = ['portslice', 'run', '--', 'node', 'server.mjs'] as const;

/** How each command comes to each of the codes that its help lists. */
const SCENARIOS: Readonly<Record<string, Readonly<Record<number, Scenario>>>> = {
  run: {
    [OWN_FAILURE]: wrong('run'),
    126: (project) => project.run('portslice', ['run', '--', './server.mjs']),
    127: (project) => project.run('portslice', ['run', '--', 'no-such-program']),
  },
  url: {
    0: (project) => during(project, SERVED, () => project.run('portslice', ['url'])),
    1: (project) => project.run('portslice', ['url']),
    [OWN_FAILURE]: wrong('url'),
  },
  status: {
    0: (project) => project.run('portslice', ['status']),
    [OWN_FAILURE]: wrong('status'),
    130: async (project) => {
      const watch = project.start('portslice', ['status', '--watch']);
      await watch.waitForOutput(/\n/);
      watch.kill('SIGINT');
      return watch.finished;
    },
  },
  who: {
    0: (project) => project.run('portslice', ['who', String(project.ports.firstPort + 50)]),
    1: (project) =>
      during(project, ['node', 'server.mjs'], (port) => project.run('portslice', ['who', port])),
    [OWN_FAILURE]: wrong('who'),
  },
  ports: {
    0: (project) => project.run('portslice', ['ports']),
    [OWN_FAILURE]: wrong('ports'),
  },
  doctor: {
    0: (project) => project.run('portslice', ['doctor', '--timeout', '60']),
    1: (project) => project.run('portslice', ['doctor'], { env: { NODE_OPTIONS: '--no-addons' } }),
    [OWN_FAILURE]: wrong('doctor'),
  },
};

test('each exit code that a command documents is one with which it ends', async ({ createProject }) => {
  const project = await createProject({ 'server.mjs': SERVER });
  for (const name of await findCommands(project)) {
    const scenarios = SCENARIOS[name] ?? {};
    expect({ name, codes: Object.keys(scenarios).map(Number) }).toEqual({
      name,
      codes: codesIn(await readHelp(project, name, '--help')),
    });
    for (const [code, run] of Object.entries(scenarios)) {
      const { exitCode: own, signal, output } = await run(project);
      // As a shell has it.
      const exitCode = signal === null ? own : 128 + constants.signals[signal];
      expect({ name, exitCode }, output).toEqual({ name, exitCode: Number(code) });
    }
  }
});

test('run ends as its command does, also by a signal', async ({ createProject }) => {
  const project = await createProject({});
  for (const [script, code] of [
    ['process.exit(3)', 3],
    ['process.kill(process.pid, "SIGKILL")', 137],
  ] as const)
    expect((await project.run('portslice', ['run', '--', 'node', '-e', script])).exitCode).toBe(code);
});

test('url has its schema as JSON, whether somebody serves the name or not', async ({ createProject }) => {
  const project = await createProject({
    'server.mjs': `import { existsSync } from 'node:fs'; import { createServer } from 'node:http';
      createServer((_, response) => response.writeHead(existsSync('ready') ? 200 : 503).end())
        .listen(process.env.PORT, () => console.log('listening on', process.env.PORT));`,
  });
  const read = async (): Promise<Finished & { json: unknown }> => {
    const finished = await project.run('portslice', ['url', '--json']);
    const json: unknown = JSON.parse(finished.stdout);
    expect(findSchemaProblem('url.schema.json', json)).toBeUndefined();
    return { ...finished, json };
  };
  const known = { version: 1, name: 'web', folder: project.dir };
  const nobody = await read();
  expect(nobody).toMatchObject({ exitCode: 1, json: { ...known, ready: false } });
  expect(nobody.json).not.toHaveProperty('port');
  expect(nobody.stderr).toMatch(/^portslice: nobody serves 'web' /);
  const dev = project.start('portslice', ['run', '--ready', '/', '--', 'node', 'server.mjs']);
  const [, port] = await dev.waitForOutput(/listening on (\d+)/);
  const address = { port: Number(port), url: `http://localhost:${port}`, processId: dev.pid };
  expect(await read()).toMatchObject({ exitCode: 1, json: { ...known, ready: false, ...address } });
  project.write({ ready: '' });
  await expect.poll(async () => (await project.run('portslice', ['url'])).exitCode).toBe(0);
  const ready = await read();
  expect(ready).toMatchObject({ exitCode: 0, stderr: '', json: { ...known, ready: true, ...address } });
  dev.kill();
  await dev.finished;
});

test('run tells its start and its readiness in lines of JSON, and leaves the standard output to the command', async ({
  createProject,
}) => {
  const project = await createProject({
    'server.mjs': `import { createServer } from 'node:http';
      console.log('on the standard output');
      console.error('on the standard error');
      createServer().listen(process.env.WEB); createServer().listen(process.env.API);`,
  });
  const { firstPort } = project.ports;
  const flags = ['--json', '--port', `web=${firstPort}`, '--port', `api=${firstPort + 1}`];
  const dev = project.start('portslice', ['run', ...flags, '--', 'node', 'server.mjs']);
  await dev.waitForOutput(/^\{"portslice":"ready".*\}$/m);
  dev.kill();
  const { stdout, stderr } = await dev.finished;
  expect(stdout).toBe('on the standard output\n');
  const lines = stderr.trim().split('\n');
  const events = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as object);
  expect(lines.filter((line) => !line.startsWith('{'))).toEqual(['on the standard error']);
  for (const event of events) expect(findSchemaProblem('run.schema.json', event)).toBeUndefined();
  const port: unknown = expect.any(Number);
  const url: unknown = expect.stringMatching(/^http:\/\/localhost:\d+$/);
  expect(events).toEqual(
    ['started', 'ready'].map((portslice) => ({
      portslice,
      version: 1,
      folder: project.dir,
      processId: dev.pid,
      ports: [
        { name: 'web', variable: 'WEB', port, url },
        { name: 'api', variable: 'API', port, url },
      ],
    })),
  );
});

test('doctor has its schema as JSON, whatever comes of it', async ({ createProject }) => {
  const project = await createProject({});
  for (const env of [{}, { PORTSLICE_PORTS: '1024-65535' }, { NODE_OPTIONS: '--no-addons' }]) {
    const { stdout } = await project.run('portslice', ['doctor', '--timeout', '60', '--json'], { env });
    expect(findSchemaProblem('doctor.schema.json', JSON.parse(stdout))).toBeUndefined();
  }
});

test('a reader that goes away early ends a command in silence, and a full disk is told of', async ({
  createProject,
}) => {
  const project = await createProject({});
  for (const command of [
    'portslice ports',
    'portslice --help',
    'portslice help run',
    'portslice --version',
  ]) {
    const early = await project.run('sh', ['-c', `(${command}; echo "code $?" >&2) | true`]);
    expect(early.stderr).toBe('code 0\n');
    const full = await project.run('sh', ['-c', `${command} > /dev/full`]);
    expect(full.exitCode).toBe(OWN_FAILURE);
    expect(full.stderr).toMatch(/^portslice: the output cannot be written: ENOSPC.*\n$/);
  }
});

test.describe('on a terminal', () => {
  test('the doctor has colours and lines of its width, and with NO_COLOR none', async ({ createProject }) => {
    const project = await createProject({
      'tsconfig.json': '{ "compilerOptions": { "module": "es2015", "moduleResolution": "node" } }',
    });
    const DOCTOR = ['portslice', 'doctor', '--timeout', '60'];
    for (const [env, isColoured] of [
      [{}, true],
      [{ NO_COLOR: '1' }, false],
    ] as const) {
      await using terminal = openTerminal(project, DOCTOR, { columns: 70, env });
      const { exitCode } = await terminal.ended();
      expect(exitCode).toBe(0);
      expect(terminal.colouredHistory().includes(`${ESC}[32mok`)).toBe(isColoured);
      const [before = ''] = terminal.history().split('-----');
      // Each line begins with a word or with the room of it, and none is broken by the terminal.
      const [, ...lines] = before.split(/^The wiring of .*\n/m);
      for (const line of lines.join('').split('\n'))
        expect(line).toMatch(/^$|^(?:ok {6}|warning:| {8}) \S|^(?:Verdict|Wiring): /);
      expect(before).toMatch(/^warning: With moduleResolution node of tsconfig\.json .*\n {9}\S/m);
    }
  });

  test('titles of the help stand out', async ({ createProject }) => {
    const project = await createProject({});
    await using terminal = openTerminal(project, ['portslice', 'url', '--help'], { columns: 70 });
    await terminal.ended();
    expect(terminal.colouredHistory()).toContain(`${ESC}[1mExit codes:`);
  });
});

test('the command works where its folder has hostile signs in its name', async ({ createProject }) => {
  const project = await createProject({ 'part/package.json': '{}' });
  const name = `a ${ESC}[31m red ${TO_THE_LEFT} שלום`;
  symlinkSync(path.join(project.dir, 'part'), path.join(project.dir, name));
  const { stderr } = await project.run('portslice', ['url'], { cwd: name });
  expect(stderr).toMatch(/^portslice: nobody serves 'web' for .*\/part: .*\n$/);
  project.write({ [`${name} 2/package.json`]: '{}' });
  const hostile = await project.run('portslice', ['url'], { cwd: `${name} 2` });
  expect(hostile.stderr).toMatch(
    /^portslice: \u2068nobody serves 'web' for \/.*\/a  red  שלום 2: .*\u2069\n$/,
  );
  const { stdout } = await project.run('portslice', ['url', '--json'], { cwd: `${name} 2` });
  for (const hidden of [ESC, TO_THE_LEFT]) expect(stdout).not.toContain(hidden);
  expect(JSON.parse(stdout)).toMatchObject({ folder: path.join(project.dir, `${name} 2`) });
});

test('the schemas are in the package', () => {
  const folder = path.join(installation().dir, 'node_modules/portslice');
  const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { exports: object };
  expect(manifest.exports).toHaveProperty(['./schemas/*'], './schemas/*');
  for (const name of ['run', 'url', 'doctor'])
    expect(readFileSync(path.join(folder, `schemas/${name}.schema.json`), 'utf8')).toContain('"$schema"');
});
