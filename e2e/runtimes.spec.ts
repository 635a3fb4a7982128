/** Other runtimes than Node: the package as it is on Bun and Deno. docs/versions.md says what does not work there. */
import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { usePackages } from './support/installed-packages.ts';
import { bun, bunOnMusl, bunx, deno } from './support/other-runtimes.ts';
import { installation } from './support/package.ts';
import { expect, type Project, test } from './support/project.ts';
import { INSIDE_JS } from './support/scripts.ts';
import { cellFiles, runRounds } from './support/version-cell.ts';
import { expectAllReleased } from './support/what-is-left.ts';

const SERVER = `
import { createServer } from 'node:http';
createServer((_request, response) => response.end('the program')).listen(Number(process.argv[2]));
`;

/** A process with two threads and a child, which all take ports of one pool. */
const MAIN = `
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { PortPool, startServer, TCPPortOwner } from 'portslice';
import { close, isLocked, serve } from './inside.js';

async function take(count) {
  const owners = await TCPPortOwner.acquireMany(count, { acquireTimeoutMs: 60_000 });
  return owners.map(({ port }) => port);
}

if (!isMainThread) {
  parentPort.postMessage(await take(15));
  setInterval(() => {}, 1_000);
} else if (process.argv[2] === 'child') {
  console.log(JSON.stringify(await take(15)));
  setInterval(() => {}, 1_000);
} else {
  const pool = PortPool.create({ workers: 4 });
  process.env.PORTSLICE_POOL = pool.handle;
  const file = new URL(import.meta.url);
  const threads = [new Worker(file), new Worker(file)];
  const child = spawn(process.execPath, [file.pathname, 'child'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const taken = await Promise.all(threads.map(async (thread) => (await once(thread, 'message'))[0]));
  taken.push(JSON.parse((await once(child.stdout, 'data'))[0]));
  const ports = taken.flat();

  const owner = new TCPPortOwner();
  const server = await serve(owner);
  const answer = await (await fetch(owner.url())).text();
  await close(server);
  owner.cleanup();
  // What Bun on musl needs here is nothing for programs of this machine.
  for (const name of ['LD_PRELOAD', 'LD_LIBRARY_PATH']) delete process.env[name];
  const program = await startServer({ command: ['node', 'server.js', '{port}'], ready: '/' });
  const answerOfProgram = await (await fetch(program.url())).text();
  await program.stop();
  const areLocked = ports.every((port) => isLocked({ port }));

  await threads[0].terminate();
  child.kill('SIGKILL');
  await once(child, 'exit');
  // Theirs come back: all but what the other thread has.
  const rest = await take(pool.stats().totalServerPorts - 15);
  console.log(JSON.stringify({
    runtime: process.versions.bun ? 'Bun' : process.versions.deno ? 'Deno' : 'Node',
    isMusl: (await import('node:fs')).readFileSync('/proc/self/maps', 'utf8').includes('musl_x64/koffi.node'),
    distinct: new Set(ports).size,
    areLocked,
    isAnswered: answer === 'pid ' + process.pid,
    answerOfProgram,
    rest: new Set([...rest, ...taken[1]]).size,
  }));
  process.exit();
}
`;

for (const { name, runtime, find } of [
  { name: 'Bun', runtime: 'Bun', find: bun },
  { name: 'Bun on musl', runtime: 'Bun', find: bunOnMusl },
  { name: 'Deno', runtime: 'Deno', find: deno },
]) {
  test(`on ${name}, processes and threads share a pool, and give back what they had when they are ended`, async ({
    createProject,
  }) => {
    const project = await createProject({ 'main.js': MAIN, 'server.js': SERVER, 'inside.js': INSIDE_JS });
    usePackages(project, installation().dir, ['commander', 'tinyexec']);
    const { command, env = {} } = find(project);
    const [program, ...args] = command;
    const log = path.join(project.dir, 'inside.log');
    const run = await project.run(program, [...args, 'main.js'], { env: { ...env, INSIDE_LOG: log } });
    expect(run.exitCode, run.output).toBe(0);
    expect(run.stderr).toBe('');
    expect(JSON.parse(run.stdout)).toEqual({
      runtime,
      isMusl: name === 'Bun on musl',
      distinct: 45,
      areLocked: true,
      isAnswered: true,
      answerOfProgram: 'the program',
      rest: project.ports.lastPort - project.ports.firstPort + 1,
    });
    await expectAllReleased(project);

    // The self-test of the package finds the same, and more.
    const doctor = ['node_modules/portslice/dist/cli.js', 'doctor', '--timeout', '60'];
    const { output } = await project.run(program, [...args, ...doctor], { env });
    expect(output).toMatch(new RegExp(`^runtime: +${runtime} `, 'm'));
    expect(output).toMatch(/^verdict: +ok$/m);
  });
}

/** Our own version of the runner with its command, so that a program that looks for it in the project finds it. */
function withRunner(project: Project, runner: 'Vitest' | 'Playwright'): void {
  const packages =
    runner === 'Vitest' ? ['vitest', '@vitest'] : ['@playwright', 'playwright', 'playwright-core'];
  const folder = usePackages(project, installation().dir, packages);
  mkdirSync(path.join(folder, '.bin'));
  const [name, file] =
    runner === 'Vitest' ? ['vitest', 'vitest/vitest.mjs'] : ['playwright', '@playwright/test/cli.js'];
  symlinkSync(`../${file}`, path.join(folder, '.bin', name));
}

const VITEST = 'node_modules/vitest/vitest.mjs';
const PLAYWRIGHT = 'node_modules/@playwright/test/cli.js';

for (const { title, runtime, runner, workerKind, command } of [
  {
    title: 'bunx vitest',
    runtime: 'Node',
    runner: 'Vitest',
    workerKind: 'forks',
    command: () => [...bunx().command, 'vitest', 'run'],
  },
  {
    title: 'bunx --bun vitest',
    runtime: 'Bun',
    runner: 'Vitest',
    workerKind: 'threads',
    command: () => [...bunx('--bun').command, 'vitest', 'run'],
  },
  {
    title: 'bunx --bun playwright',
    runtime: 'Bun',
    runner: 'Playwright',
    workerKind: 'processes',
    command: () => [...bunx('--bun').command, 'playwright', 'test'],
  },
  {
    title: 'deno run vitest',
    runtime: 'Deno',
    runner: 'Vitest',
    workerKind: 'forks',
    command: () => [...deno().command, VITEST, 'run'],
  },
  {
    title: 'deno run playwright',
    runtime: 'Deno',
    runner: 'Playwright',
    workerKind: 'processes',
    command: () => [...deno().command, PLAYWRIGHT, 'test'],
  },
] as const) {
  test(`${title}: two workers share no port in ${workerKind}, and their servers get theirs`, async ({
    createProject,
  }) => {
    const cell = { runner, version: '', workerKinds: [], workerKind, node: '' } as const;
    const project = await createProject(cellFiles(cell));
    withRunner(project, runner);
    await runRounds(project, command(), runtime);
  });
}

test('Deno without its permissions is a typed error at the first port, which says what to do', async ({
  createProject,
}) => {
  const project = await createProject({
    'main.js': `
      import { TCPPortOwner } from 'portslice';
      try {
        new TCPPortOwner();
      } catch ({ code, message }) {
        console.log(JSON.stringify({ code, message }));
      }
    `,
  });
  const [program] = deno().command;
  for (const [permissions, missing] of [
    [['--allow-env'], 'read'],
    [['--allow-env', '--allow-read'], 'ffi'],
  ] as const) {
    const { stdout, output } = await project.run(program, ['run', '--no-prompt', ...permissions, 'main.js']);
    expect(stdout, output).not.toBe('');
    expect(JSON.parse(stdout)).toEqual({
      code: 'PORTSLICE_FFI_UNAVAILABLE',
      message: expect.stringMatching(
        `^The C library cannot be called: Deno does not allow it \\(Requires ${missing} access .*\\)\\. Start Deno with --allow-all\\.$`,
      ),
    });
  }
});
