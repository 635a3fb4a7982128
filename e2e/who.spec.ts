/** `portslice who` and `portslice ports` as people run them: on the ports of real runs and programs. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import type { PortReport, WhoReport } from '../src/report/port/port-report.ts';
import type { ServerPortsReport } from '../src/report/port/server-ports-report.ts';
import { findSchemaProblem } from '../test/support/check-schema.ts';
import { leaveTimeWait } from '../test/support/listening-server.ts';
import { namespaceWrapper } from '../test/support/namespaces.ts';
import { startStranger } from '../test/support/stranger.ts';
import { neededProgram } from './support/needed-program.ts';
import { playwrightFiles } from './support/playwright-project.ts';
import { expect, type Finished, type Project, test } from './support/project.ts';
import { STAY } from './support/stay.ts';
import { openTerminal } from './support/terminal.ts';
import { vitestFiles } from './support/vitest-project.ts';

const FREE = 0;
const TAKEN = 1;
const OWN_FAILURE = 125;

async function askText(project: Project, exitCode: number, ...args: readonly string[]): Promise<string> {
  const finished = await project.run('portslice', ['who', ...args]);
  expect(finished.stderr).toBe('');
  expect(finished.exitCode, finished.stdout).toBe(exitCode);
  return finished.stdout;
}

function parseReport({ stdout, stderr }: Finished): WhoReport {
  expect(stderr).toBe('');
  const report = JSON.parse(stdout) as WhoReport;
  expect(findSchemaProblem('who.schema.json', report)).toBeUndefined();
  return report;
}

async function ask(project: Project, port: number | string): Promise<PortReport> {
  const finished = await project.run('portslice', ['who', String(port), '--json']);
  const [report] = parseReport(finished).ports as [PortReport];
  expect(finished.exitCode).toBe(report.isTaken ? TAKEN : FREE);
  return report;
}

test('names the test of a live run of Playwright that has the port, its worker, its run and its server', async ({
  createProject,
}) => {
  const project = await createProject(
    playwrightFiles("workers: 1, timeout: 0, reporter: 'line'", {
      ...STAY,
      'a.spec.ts': `
        import { test } from 'portslice/playwright';
        import { stay } from './stay.js';
        test('pays by card', ({ port }) => stay(Number(port)));`,
    }),
  );
  const run = project.start('playwright', ['test']);
  const [, port = ''] = await run.waitForOutput(/stays on (\d+)/);
  const { holder, listeners, bound } = await ask(project, port);
  expect(holder?.claim).toMatchObject({ state: 'held', slice: 1, runProcess: { processId: run.pid } });
  expect(holder?.claim?.label).toContain('pays by card');
  expect(holder?.process).toMatchObject({ folder: project.dir });
  expect(listeners).toMatchObject([
    { address: '127.0.0.1', processes: [{ processId: holder?.process.processId }] },
  ]);
  expect(bound).toEqual([]);
  const text = await askText(project, TAKEN, port);
  expect(text).toMatch(
    new RegExp(
      `^Port ${port} is taken: '.*pays by card' has it\\.\n  held by +pid ${holder?.process.processId} `,
    ),
  );
  expect(text).toMatch(new RegExp(`^  run +pid ${run.pid} .* in ${project.dir}, worker 1$`, 'm'));
});

test('the command at the end of a message can be pasted, and tells of the port that is meant', async ({
  createProject,
}) => {
  const project = await createProject(
    vitestFiles('', {
      ...STAY,
      'a.test.ts': `
        import { spawn } from 'node:child_process';
        import { once } from 'node:events';
        import { test } from 'portslice/vitest';
        const code = "import('./stay.js').then(({ stay }) => stay(Number(process.argv[1])))";
        test('leaves a server', async ({ port }) => {
          const server = spawn(process.execPath, ['-e', code, String(port)], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
          await once(server.stdout, 'data');
          server.unref();
          server.stdout.destroy();
        });`,
    }),
  );
  const { output } = await project.run('vitest', ['run']);
  const [, command = '', port = ''] = /More: (npx portslice who (\d+))$/m.exec(output) ?? [];
  expect(output).toContain(`Port ${port} was released by `);
  const [program = '', ...args] = command.split(' ');
  const finished = await project.run(program, ['--offline', '--', ...args]);
  expect(finished.stdout).toMatch(
    new RegExp(
      `^Port ${port} is taken: pid \\d+ \\(.* -e import.* ${port}\\) in ${project.dir} listens on it\\.`,
    ),
  );
  expect(finished.exitCode).toBe(TAKEN);
  const [listener] = (await ask(project, port)).listeners ?? [];
  process.kill(listener?.processes[0]?.processId as number, 'SIGKILL');
  await expect.poll(async () => (await ask(project, port)).isTaken).toBe(false);
});

test('tells apart servers, bound sockets, clients, UDP and what a server has left behind', async ({
  createProject,
}) => {
  const python = neededProgram('python3');
  const project = await createProject({});
  const [served, boundPort, clientPort, udpPort, left] = Array.from(
    { length: 5 },
    (_, at) => project.ports.firstPort + at,
  ) as [number, number, number, number, number];
  await using stranger = startStranger(python);
  const loopback = { family: 'ipv4', host: '127.0.0.1' } as const;
  expect(await stranger.serve(loopback, served)).toBe('done');
  expect(await stranger.bind(await stranger.open(loopback), loopback, boundPort)).toBe('done');
  const client = net.connect({ port: served, host: '127.0.0.1', localPort: clientPort });
  await once(client, 'connect');
  const udp = createSocket('udp4').bind(udpPort, '127.0.0.1');
  await once(udp, 'listening');
  await leaveTimeWait(left);

  const range = `${served}-${left + 1}`;
  const report = parseReport(await project.run('portslice', ['who', range, '--json']));
  expect(report.ports.map(({ port, isTaken }) => [port, isTaken])).toEqual([
    [served, true],
    [boundPort, true],
    [clientPort, true],
    [udpPort, false],
    [left, false],
    [left + 1, false],
  ]);
  const text = await askText(project, TAKEN, range);
  const entries = new Map(text.split('\n\n').map((entry) => [/\d+/.exec(entry)?.[0], entry]));
  const program = String.raw`pid \d+ \(.*python.* .*stranger\.program\.py\)`;
  expect(entries.get(`${served}`)).toMatch(new RegExp(`taken: ${program} in .* listens on it\\.`));
  expect(entries.get(`${boundPort}`)).toMatch(
    new RegExp(`taken: ${program} in .* has bound it, and does not listen\\.`),
  );
  expect(entries.get(`${clientPort}`)).toMatch(
    new RegExp(`pid ${process.pid} .*, a connection to 127\\.0\\.0\\.1:${served} \\(connected\\)`),
  );
  expect(entries.get(`${udpPort}`)).toMatch(new RegExp(`free for TCP\\.[^]*UDP +pid ${process.pid} `));
  expect(entries.get(`${left}`)).toMatch(/free\.[^]*\(TIME_WAIT\)[^]*sets SO_REUSEADDR/);
  expect(entries.get(`${left + 1}`)).toMatch(/free\.\n  server port  yes, tests may be given it/);
  client.destroy();
  udp.close();
});

test('knows the ports of its own network namespace only', async ({ createProject }) => {
  const [program = '', ...inNamespace] = namespaceWrapper('ip link set lo up') ?? [];
  test.skip(program === '', 'unshare does not work here');
  const project = await createProject({});
  const port = project.ports.firstPort;
  const server = net.createServer().listen(port);
  await once(server, 'listening');
  expect((await ask(project, port)).isTaken).toBe(true);
  const inside = await project.run(program, [...inNamespace, 'portslice', 'who', String(port), '--json']);
  expect(parseReport(inside).ports).toMatchObject([{ port, isTaken: false, listeners: [] }]);
  expect(inside.exitCode).toBe(FREE);
  server.close();
});

test('hostile labels, command lines and folders are harmless as text and whole as JSON', async ({
  createProject,
}) => {
  const label = `\u001b[31m\u0007<img src=x onerror=alert(1)>\r\n\u202eשלום ${'y'.repeat(120)}`;
  const project = await createProject({
    'run.js': `
      import { TCPPortOwner } from 'portslice';
      const owner = new TCPPortOwner({ label: ${JSON.stringify(label)} });
      console.log('has ' + owner.port);
      setInterval(() => {}, 60_000);
    `,
  });
  const argument = `\u001b]0;title\u0007\u202e${'z'.repeat(10_000)}`;
  const run = project.start('node', ['run.js', argument]);
  const [, port = ''] = await run.waitForOutput(/has (\d+)/);
  const { stdout } = await project.run('portslice', ['who', port, '--json']);
  expect(stdout).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
  const report = parseReport({ stdout, stderr: '' } as Finished).ports[0];
  expect(report?.holder?.claim?.label).toBe(label);
  expect(report?.holder?.process.command).toContain(argument);
  const text = await askText(project, TAKEN, port);
  expect(text).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
  expect(text).toContain('<img src=x onerror=alert(1)> ');
  expect(text.split('\n').find((line) => line.length > 1000)).toBeUndefined();
});

test('refuses what is no port, and has few words for many free ports', async ({ createProject }) => {
  const project = await createProject({});
  for (const [args, message] of [
    [['http'], /^portslice: who: 'http' is neither a port nor a range\./],
    [['0'], /^portslice: who: '0' is outside 1-65535\./],
    [['20010-20000'], /^portslice: who: '20010-20000' /],
    [[], /missing required argument 'ports'/],
  ] as const) {
    const { exitCode, stdout, stderr } = await project.run('portslice', ['who', ...args]);
    expect({ exitCode, stdout }).toEqual({ exitCode: OWN_FAILURE, stdout: '' });
    expect(stderr).toMatch(message);
  }
  const { firstPort, lastPort } = project.ports;
  const text = await askText(project, FREE, `${firstPort}-${firstPort + 40}`, `${lastPort}`);
  expect(text).toMatch(new RegExp(`^Ports ${firstPort}-${firstPort + 40}, ${lastPort} are free\\.\n`));
  const broken = await project.run('portslice', ['who', '20000'], { env: { PORTSLICE_PORTS: '1-x' } });
  expect(broken.exitCode).toBe(OWN_FAILURE);
  expect(broken.stderr).toMatch(/^portslice: PORTSLICE_PORTS: '1-x' /);
});

test('fits the terminal, in colours', async ({ createProject }) => {
  const project = await createProject({
    's.js':
      "import net from 'node:net'; net.createServer().listen(process.argv[2], () => console.log('listens'));",
  });
  const { firstPort, lastPort } = project.ports;
  const server = project.start('node', ['s.js', String(firstPort)]);
  await server.waitForOutput(/listens/);
  const env = { PORTSLICE_PORTS: undefined };
  const command = ['portslice', 'who', String(firstPort), String(lastPort)];
  await using terminal = openTerminal(project, command, { columns: 60, env });
  const { exitCode, screen } = await terminal.ended();
  expect(exitCode).toBe(TAKEN);
  // No line is broken by the terminal.
  for (const line of screen.split('\n')) expect(line).toMatch(/^$|^Port |^ {2}\S|^ {15}\S/);
  const coloured = terminal.colouredScreen();
  for (const start of ['\u001b[31mtaken', '\u001b[32mfree']) expect(coloured).toContain(start);

  await using other = openTerminal(project, ['portslice', 'ports'], { columns: 60, env });
  const { screen: ports } = await other.ended();
  const inFull = await project.run('portslice', ['ports'], { env });
  expect(ports.split('\n').length).toBeGreaterThan(inFull.stdout.trim().split('\n').length);
  // Neither a number nor a range is broken.
  expect(wordsOf(ports)).toEqual(wordsOf(inFull.stdout));
});

function wordsOf(text: string): string[] {
  return text.trim().split(/\s+/);
}

test('ports shows the server ports, what has named them, and why others are none', async ({
  createProject,
}) => {
  const project = await createProject({});
  const { firstPort, lastPort, spec } = project.ports;
  const env = { PORTSLICE_EXCLUDED_PORTS: `${firstPort}` };
  const { exitCode, stdout, stderr } = await project.run('portslice', ['ports', '--json'], { env });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const report = JSON.parse(stdout) as ServerPortsReport;
  expect(findSchemaProblem('ports.schema.json', report)).toBeUndefined();
  expect(report).toMatchObject({
    source: 'PORTSLICE_PORTS',
    ranges: [{ firstPort: firstPort + 1, lastPort }],
  });
  const text = (await project.run('portslice', ['ports'], { env })).stdout;
  expect(text).toMatch(/^99 server ports, which tests may be given: PORTSLICE_PORTS\n/);
  expect(text).toContain(`  ${firstPort + 1}-${lastPort}\n`);
  expect(text).toContain(`       1  excluded by PORTSLICE_EXCLUDED_PORTS: ${firstPort}\n`);
  const machine = await project.run('portslice', ['ports'], { env: { PORTSLICE_PORTS: undefined } });
  expect(machine.stdout).toMatch(
    /^[\d,]+ server ports, which tests may be given: what the operating system leaves\n/,
  );
  expect(machine.stdout).toMatch(/^ +1,023  need privileges: 1-1023$/m);
  expect(machine.stdout).toMatch(/^ +[\d,]+  in the ephemeral range: \d+-\d+$/m);
  const all = await project.run('portslice', ['ports'], { env: { PORTSLICE_EXCLUDED_PORTS: spec } });
  expect(all.exitCode).toBe(OWN_FAILURE);
  expect(all.stderr).toMatch(/^portslice: PORTSLICE_PORTS: no port is left /);
});
