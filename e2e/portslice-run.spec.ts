import { readFileSync } from 'node:fs';
import path from 'node:path';
import { neededProgram } from './support/needed-program.ts';
import { expect, type Program, type Project, test } from './support/project.ts';
import { runPortFiles } from './support/run-port-project.ts';
import { expectNoneLocked, lockedPorts } from './support/what-is-left.ts';

const OWN_FAILURE = 125;

/** Starts the project's server, and waits until it may be joined. */
async function startDev(project: Project, ...flags: readonly string[]): Promise<Program> {
  const dev = project.start('portslice', ['run', ...flags, '--', 'node', 'server.js']);
  await dev.waitForOutput(/listening on/);
  return dev;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('gives the command its port, the same each time, and ends as the command does', async ({
  createProject,
}) => {
  const project = await createProject({});
  const show = 'console.log(process.env.WEB, process.env.PORT, process.argv[1]); process.exitCode = 3;';
  const lines: string[] = [];
  for (let step = 0; step < 2; step++) {
    const { exitCode, stdout, stderr } = await project.run('portslice', ['run', 'node', '-e', show, '{web}']);
    expect(exitCode, stderr).toBe(3);
    const [web, port, argument] = stdout.trim().split(' ');
    expect([port, argument]).toEqual([web, web]);
    expect(stderr).toBe(`portslice: WEB is ${web}\n`);
    lines.push(stdout);
  }
  expect(lines[1]).toBe(lines[0]);
  await expectNoneLocked(project);
});

test('gives several ports, one of them exactly, and no PORT; one text is for the shell', async ({
  createProject,
}) => {
  const project = await createProject({});
  const run = (...args: string[]): ReturnType<Project['run']> => project.run('portslice', ['run', ...args]);
  // The number that `web` would have.
  const exact = (await run('--port', 'web', 'printenv WEB')).stdout.trim();
  const command = 'echo "$WEB ${API} {API} $(node -p process.env.PORT)" && exit 4';
  const { exitCode, stdout, stderr } = await run('--port', 'web', '--port', `API=${exact}`, command);
  expect(exitCode, stderr).toBe(4);
  const [web, ...others] = stdout.trim().split(' ');
  expect(lockedPorts(project)).toEqual([]);
  expect(Number(web)).toBeGreaterThanOrEqual(project.ports.firstPort);
  expect(web).not.toBe(exact);
  expect(others).toEqual([exact, exact, 'undefined']);
});

test('says in one line, without a stack, what is wrong', async ({ createProject }) => {
  const project = await createProject(runPortFiles());
  const dev = await startDev(project);
  const [, web] = await dev.waitForOutput(/WEB is (\d+)/);
  const other = project.ports.firstPort + Number(web === String(project.ports.firstPort));
  const failures: readonly [args: readonly string[], exitCode: number, message: RegExp][] = [
    [['run'], OWN_FAILURE, /^error: missing required argument 'command'$/],
    [['walk'], OWN_FAILURE, /^error: unknown command 'walk'/],
    [['run', '--prot', 'web', '--', 'true'], OWN_FAILURE, /^error: unknown option '--prot'/],
    [
      ['run', '--port', '3000', '--', 'true'],
      OWN_FAILURE,
      /^portslice: --port is '3000'; expected NAME or NAME=NUMBER/,
    ],
    [
      ['run', '--ready', 'health', '--', 'node', 'server.js'],
      OWN_FAILURE,
      /^portslice: --ready is 'health'; expected a path, such as \/health, or a URL with http or https/,
    ],
    [
      ['run', '--port', 'api', '--ready', 'http://localhost:{WEB}/', '--', 'node', 'server.js'],
      OWN_FAILURE,
      /^portslice: --ready is 'http:\/\/localhost:{WEB}\/'; expected .* such as http:\/\/localhost:{API}\/\.$/,
    ],
    [
      ['run', '--port', 'API=1', '--', 'true'],
      OWN_FAILURE,
      /^portslice: Port 1 is no server port of this run: /,
    ],
    [
      ['run', '--', 'node', 'server.js'],
      OWN_FAILURE,
      /^portslice: 'web' of \/.* is already served by pid \d+ \(.*\) on port \d+\. /,
    ],
    [['url', '7'], OWN_FAILURE, /^portslice: name is '7'; expected a name /],
    [['url', 'api'], 1, /^portslice: nobody serves 'api' for \//],
    [
      ['run', '--port', `api=${other}`, '--', 'no-such-program'],
      127,
      /^portslice: API is \d+\nportslice: the command cannot be started: spawn no-such-program ENOENT\. Install it, or correct its name; [^\n]*$/,
    ],
    [
      ['run', '--port', `api=${other}`, '--', './server.js'],
      126,
      /^portslice: API is \d+\nportslice: the command cannot be started: spawn \.\/server\.js EACCES\. Make the file executable$/,
    ],
  ];
  for (const [args, exitCode, message] of failures) {
    const failed = await project.run('portslice', args);
    expect({ args, exitCode: failed.exitCode }).toEqual({ args, exitCode });
    expect(failed.stderr.trim()).toMatch(message);
    expect(failed.output).not.toMatch(/\n +at /);
  }
  dev.kill();
  await dev.finished;
});

test('shows examples and exit codes for everything', async ({ createProject }) => {
  const project = await createProject({});
  for (const args of [['--help'], ['run', '--help'], ['url', '--help'], ['help', 'run']]) {
    const { exitCode, stdout, stderr } = await project.run('portslice', args);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toContain('Examples:\n  $ portslice ');
  }
  const { version } = JSON.parse(readFileSync(path.join(import.meta.dirname, '../package.json'), 'utf8')) as {
    version: string;
  };
  expect((await project.run('portslice', ['--version'])).stdout).toBe(`${version}\n`);
});

test('its address is found from any folder of the package, and nowhere else', async ({ createProject }) => {
  const project = await createProject({
    ...runPortFiles(),
    'src/index.js': '',
    'packages/other/package.json': '{}',
  });
  const dev = await startDev(project);
  const [, port] = await dev.waitForOutput(/WEB is (\d+)/);
  for (const cwd of ['.', 'src']) {
    await expect
      .poll(async () => (await project.run('portslice', ['url', 'web'], { cwd })).stdout)
      .toBe(`http://localhost:${port}\n`);
  }
  expect((await project.run('portslice', ['url', 'web'], { cwd: 'packages/other' })).exitCode).toBe(1);
  dev.kill();
  await dev.finished;
  expect((await project.run('portslice', ['url'])).exitCode).toBe(1);
});

test('is joined only when it is ready', async ({ createProject }) => {
  const project = await createProject({
    'server.js': `
      import { existsSync } from 'node:fs';
      import { createServer } from 'node:http';
      createServer((_, response) => {
        response.statusCode = existsSync('ready') ? 200 : 503;
        response.end();
      }).listen(process.env.PORT, () => console.log('listening on', process.env.PORT));
    `,
  });
  const dev = await startDev(project, '--ready', '/health');
  // It waits for a server that starts, but not for ever.
  const asked = await project.run('portslice', ['url']);
  expect(asked.exitCode).toBe(1);
  expect(asked.stderr).toMatch(
    /^portslice: pid \d+ \(.*portslice run --ready \/health .*\) has started the server of 'web' for \/.*, which listens on port \d+, and is not ready yet\n$/,
  );
  await dev.waitForOutput(
    /^portslice: the server is not ready yet, so that no test joins it: http:\/\/localhost:\d+\/health answered with status 503/m,
  );
  project.write({ ready: '' });
  await expect.poll(async () => (await project.run('portslice', ['url'])).exitCode).toBe(0);
  dev.kill();
  await dev.finished;
});

test('a stranger that listens on its port is told of, with what to do', async ({ createProject }) => {
  const project = await createProject({
    'waits.js': 'setInterval(() => {}, 1e6);',
    'stranger.js': `
      import { createServer } from 'node:http';
      createServer().listen(Number(process.argv[2]), () => console.log('listening as', process.pid));
    `,
  });
  const dev = project.start('portslice', ['run', '--', 'node', 'waits.js']);
  const [, port] = await dev.waitForOutput(/WEB is (\d+)/);
  const stranger = project.start('node', ['stranger.js', port as string]);
  const [, pid] = await stranger.waitForOutput(/listening as (\d+)/);
  const [told] = await dev.waitForOutput(/^portslice: port \d+ is listened on by .*$/m);
  expect(told).toBe(
    `portslice: port ${port} is listened on by pid ${pid} (node stranger.js ${port}), not by the command. ` +
      `Stop that process, and start again. More: npx portslice who ${port}`,
  );
  for (const program of [stranger, dev]) {
    program.kill();
    await program.finished;
  }
});

test('a server that listens elsewhere is told of, to whoever has started it, and to whoever would join it', async ({
  createProject,
}) => {
  const project = await createProject({
    'server.js': `
      import { createServer } from 'node:http';
      const server = createServer().listen(0, '127.0.0.1', () => console.log('listening on', server.address().port));
    `,
    'ask.js': `
      import { runPort } from 'portslice';
      runPort('web', JSON.parse(process.argv[2]));
    `,
  });
  const dev = await startDev(project);
  const [, other] = await dev.waitForOutput(/listening on (\d+)/);
  const [told, port] = await dev.waitForOutput(/^portslice: the command does not listen on port (\d+) .*$/m);
  expect(told).toBe(
    `portslice: the command does not listen on port ${port} (WEB) yet, but on 127.0.0.1:${other}: ` +
      'give it its port by {WEB}, or as the variable it heeds',
  );
  const url = await project.run('portslice', ['url']);
  expect(url.exitCode).toBe(1);
  const who = 'pid \\d+ \\(.*portslice run -- node server\\.js\\)';
  expect(url.stderr).toMatch(
    new RegExp(
      `^portslice: ${who} has started the server of 'web' for /.*, which does not listen on port ${port} yet, but on 127\\.0\\.0\\.1:${other}\\n$`,
    ),
  );
  for (const [options, reason, advice] of [
    [
      '{}',
      `does not listen on it yet, but on 127\\.0\\.0\\.1:${other}`,
      'Start again when it is ready, or stop it,',
    ],
    ['{"join":false}', 'is not joined here', 'Stop it, and start again,'],
  ]) {
    const { stderr } = await project.run('node', ['ask.js', options as string]);
    expect(stderr).toMatch(
      new RegExp(
        `^portslice: 'web' is \\d+ this time: port ${port} is taken: it is that of this folder's own dev server, ${who}, which ${reason}\\. ${advice} to have ${port}\\n$`,
      ),
    );
  }
  dev.kill();
  expect((await dev.finished).output.match(/does not listen/g)).toHaveLength(1);
});

test('passes signals on, and ends when the command has ended', async ({ createProject }) => {
  const project = await createProject({
    'server.js': `
      process.on('SIGTERM', () => setTimeout(() => process.exit(9), 50));
      setInterval(() => {}, 1000);
      console.log('listening on nothing');
    `,
  });
  const patient = await startDev(project);
  patient.kill('SIGTERM');
  expect((await patient.finished).exitCode).toBe(9);
  const interrupted = await startDev(project);
  interrupted.kill('SIGINT');
  expect((await interrupted.finished).exitCode).toBe(130);
});

for (const [how, signal] of [
  ['is stopped', 'SIGTERM'],
  ['is killed', 'SIGKILL'],
] as const) {
  test(`leaves no server behind npm and a shell when it ${how}`, async ({ createProject }) => {
    const project = await createProject({
      ...runPortFiles(),
      'package.json': JSON.stringify({ type: 'module', scripts: { start: 'node server.js & wait' } }),
    });
    const dev = project.start('portslice', ['run', '--', 'npm', 'start']);
    const [, port] = await dev.waitForOutput(/listening on (\d+)/);
    const { pid } = (await (await fetch(`http://localhost:${port}`)).json()) as { pid: number };
    dev.kill(signal);
    await dev.finished;
    await expect.poll(() => isAlive(pid)).toBe(false);
    await expectNoneLocked(project);
  });
}

test('gives vite its flag', async ({ createProject }) => {
  const project = await createProject({ 'index.html': '<p>a page of vite' });
  const dev = project.start('portslice', ['run', '--', 'vite']);
  const [, port] = await dev.waitForOutput(/WEB is (\d+)/);
  await expect.poll(async () => (await project.run('portslice', ['url'])).exitCode).toBe(0);
  expect(await (await fetch(`http://localhost:${port}`)).text()).toContain('a page of vite');
  dev.kill();
  await dev.finished;
});

const SERVER_THAT_SHARES_NOTHING = `
import socketserver, sys
class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b'HTTP/1.0 200 OK\\r\\n\\r\\n')
server = socketserver.TCPServer(('', int(sys.argv[1])), Handler)
print('listening on', sys.argv[1], flush=True)
server.serve_forever()
`;

test('a server that shares its port with nobody is served without a hold, and else is told how', async ({
  createProject,
}) => {
  const python = neededProgram('python3');
  const project = await createProject({ 'server.py': SERVER_THAT_SHARES_NOTHING });
  const refused = await project.run('portslice', ['run', '--', python, 'server.py', '{WEB}']);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain('Address already in use');
  expect(refused.stderr).toMatch(
    /\nportslice: nobody has listened on port \d+\. If .* in use, .*: portslice run --no-hold\n$/,
  );
  const dev = project.start('portslice', ['run', '--no-hold', '--', python, 'server.py', '{WEB}']);
  await dev.waitForOutput(/listening on/);
  await expect.poll(async () => (await project.run('portslice', ['url'])).exitCode).toBe(0);
  dev.kill();
  await dev.finished;
  expect(dev.output).not.toContain('--no-hold');
});

test('the processes of the command agree on its ports', async ({ createProject }) => {
  const project = await createProject({
    'ask.js': `
      import { runPort } from 'portslice';
      console.log(runPort('web'), process.env.WEB);
      try { runPort('api'); } catch ({ message }) { console.log(message); }
    `,
  });
  const { stdout, stderr } = await project.run('portslice', ['run', '--', 'node', 'ask.js']);
  const [numbers = '', refusal] = stdout.split('\n');
  const [asked, given] = numbers.split(' ');
  expect(asked, stderr).toBe(given);
  expect(refusal).toMatch(/^portslice run \(pid \d+\) has no run port 'api'.* Give it --port API\.$/);
});

test('the processes of a command that another one has started know the ports of both', async ({
  createProject,
}) => {
  const project = await createProject({
    'ask.js': `
      import { runPort } from 'portslice';
      console.log(runPort('web'), process.env.WEB, runPort('api'), process.env.API);
    `,
  });
  const inner = ['npx', 'portslice', 'run', '--port', 'api', '--', 'node', 'ask.js'];
  const { stdout, stderr } = await project.run('portslice', ['run', '--', ...inner]);
  const [web, webVariable, api, apiVariable] = stdout.trim().split(' ');
  expect([web, api], stderr).toEqual([webVariable, apiVariable]);
  expect(api).not.toBe(web);
});

test('each package of a folder has a number of its own, also where one command starts them all', async ({
  createProject,
}) => {
  const project = await createProject({
    'a/package.json': '{ "type": "module" }',
    'b/package.json': '{ "type": "module" }',
    // The run of `a` has its number until that of `b` has ended.
    'all.sh':
      "(cd a && portslice run 'printenv WEB; cd ../b && portslice run -- printenv WEB'); printenv WEB",
  });
  const { stdout, stderr } = await project.run('portslice', ['run', '--', 'sh', 'all.sh']);
  const numbers = stdout.trim().split('\n');
  expect(numbers, stderr).toHaveLength(3);
  expect(new Set(numbers).size).toBe(3);
});

test('in a terminal the command reads keys, and Ctrl-C reaches it once', async ({ createProject }) => {
  const python = neededProgram('python3');
  const project = await createProject({
    'server.js': `
      let interrupts = 0;
      process.on('SIGINT', () => {
        interrupts++;
        // A second one, if there is one, comes in this time.
        setTimeout(() => process.exit(40 + interrupts), 200);
      });
      process.stdin.on('data', (keys) => console.log('keys: ' + String(keys).trim()));
      console.log('listening on a terminal: ' + process.stdin.isTTY);
    `,
    'terminal.py': `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
seen = b''
def wait_for(text):
    global seen
    while text not in seen:
        seen += os.read(terminal, 4096)
wait_for(b'listening on a terminal: true')
os.write(terminal, b'hello\\n')
wait_for(b'keys: hello')
os.write(terminal, b'\\x03')
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`,
  });
  // Two signals at about the same time are often one.
  for (let step = 0; step < 5; step++) {
    const command = ['terminal.py', 'portslice', 'run', '--', 'node', 'server.js'];
    const { exitCode, output } = await project.run(python, command);
    expect(exitCode, output).toBe(41);
  }
});
