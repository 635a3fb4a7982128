/** A small project for any version of a runner and of Node: two workers at a time, each with ports and servers of its own. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { transformSync } from 'rolldown/utils';
import { readLog } from './inside.program.ts';
import { usePackages } from './installed-packages.ts';
import { expect, type Project, type ProjectFiles } from './project.ts';
import { folderOf, majorOf, nodeProgram, type RunnerVersion, type WorkerKind } from './runner-versions.ts';
import { INSIDE_JS } from './scripts.ts';
import { collisions } from './server-log.ts';
import { expectAllReleased } from './what-is-left.ts';

export interface VersionCell extends RunnerVersion {
  readonly workerKind: WorkerKind;
  readonly node: string;
}

const ROUND_COUNT = 3;
const WORKER_COUNT = 2;
/** Three of the worker's own, and a program. */
const SERVERS_PER_ROUND = 4;

const SERVER_JS = transformSync(
  'server.ts',
  readFileSync(path.join(import.meta.dirname, 'server.program.ts'), 'utf8'),
).code;

/** What a worker does in a round while another one does the same. */
const USE = `
import { close, isListening, isLocked, note, readLog, serve, until } from './inside.js';

export async function use(round, ports, start) {
  const program = await start({ command: ['node', 'server.js', '{port}', 'a program'], ready: '/' });
  const servers = await Promise.all(ports.map(serve));
  note('has all of round ' + round);
  // Each worker has its ports now, and none gives one back before.
  await until(() => readLog().filter(({ text }) => text === 'has all of round ' + round).length === ${WORKER_COUNT});
  const all = [...ports, program];
  const answers = await Promise.all(all.map(async (one) => (await fetch(one.url())).text()));
  const expected = [...ports.map(() => 'pid ' + process.pid), '<h1>a program on ' + program.port + '</h1>'];
  if (answers.join() !== expected.join()) throw new Error(answers.join() + ' instead of ' + expected.join());
  if (!all.every(isLocked)) throw new Error('some of ' + all.map(({ port }) => port).join() + ' are not locked');
  for (const server of servers) await close(server);
  // A program that another thread starts just now has copies of this process' sockets until its exec.
  await until(() => !ports.some(isListening));
}
`;

function testFile(entry: string): string {
  return `
    import { test } from '${entry}';
    import { use } from './use.js';
    for (let round = 1; round <= ${ROUND_COUNT}; round++) {
      test('round ' + round, async ({ port, ports, workerPort, servers }) => {
        await use(round, [port, workerPort, await ports.acquire()], (options) => servers.start(options));
      });
    }
  `;
}

/** By runner: the files, and the arguments of Node that run them. */
const PROJECTS: Readonly<
  Record<
    RunnerVersion['runner'],
    {
      readonly packages: readonly string[];
      files(kind: WorkerKind): ProjectFiles;
      readonly command: string[];
    }
  >
> = {
  Vitest: {
    packages: ['vitest', '@vitest'],
    files: (kind) => ({
      'vitest.config.js': `
        import { defineConfig } from 'vitest/config';
        import portslice from 'portslice/vitest/plugin';
        const workers = { minWorkers: ${WORKER_COUNT}, maxWorkers: ${WORKER_COUNT} };
        export default defineConfig({ plugins: [portslice()], test: { pool: '${kind}', testTimeout: 60_000, ...workers } });
      `,
      'a.test.js': testFile('portslice/vitest'),
      'b.test.js': testFile('portslice/vitest'),
    }),
    command: ['node_modules/vitest/vitest.mjs', 'run'],
  },
  Playwright: {
    packages: ['@playwright', 'playwright', 'playwright-core'],
    files: () => ({
      'playwright.config.js': `
        import { defineConfig } from '@playwright/test';
        import { withPorts } from 'portslice/playwright';
        export default withPorts(defineConfig({ workers: ${WORKER_COUNT}, timeout: 60_000, reporter: 'list' }));
      `,
      'a.spec.js': testFile('portslice/playwright'),
      'b.spec.js': testFile('portslice/playwright'),
    }),
    command: ['node_modules/@playwright/test/cli.js', 'test'],
  },
  tinypool: {
    packages: ['tinypool'],
    files: (kind) => ({
      'worker.js': `
        import { startServer, TCPPortOwner } from 'portslice';
        import { use } from './use.js';
        export default async function task(round) {
          const owners = [new TCPPortOwner(), ...(await TCPPortOwner.acquireMany(2))];
          let program;
          await use(round, owners, async (options) => (program = await startServer(options)));
          await program.stop();
          for (const owner of owners) owner.cleanup();
        }
      `,
      'main.js': `
        import { createTinypool } from 'portslice/tinypool';
        const filename = new URL('./worker.js', import.meta.url).href;
        const threads = { minThreads: ${WORKER_COUNT}, maxThreads: ${WORKER_COUNT} };
        const pool = createTinypool({ filename, runtime: '${kind}', ...threads });
        for (let round = 1; round <= ${ROUND_COUNT}; round++)
          await Promise.all(Array.from({ length: ${WORKER_COUNT} }, () => pool.run(round)));
        await pool.destroy();
      `,
    }),
    command: ['main.js'],
  },
};

export function cellFiles({ runner, workerKind, node, commonJsOn }: VersionCell): ProjectFiles {
  const files = PROJECTS[runner].files(workerKind);
  // Without a type a file is what it looks like.
  const manifest = commonJsOn?.includes(majorOf(node)) === true ? {} : { type: 'module' };
  return {
    'package.json': JSON.stringify(manifest),
    'inside.js': INSIDE_JS,
    'server.js': SERVER_JS,
    'use.js': USE,
    ...files,
  };
}

/** Runs the project, with the packages that it is for, and judges it. */
export async function runCell(project: Project, cell: VersionCell): Promise<void> {
  const { packages, command } = PROJECTS[cell.runner];
  const found = usePackages(project, folderOf(cell), packages);
  const [first = ''] = packages;
  const manifest = path.join(found, first === '@playwright' ? '@playwright/test' : first, 'package.json');
  expect(JSON.parse(readFileSync(manifest, 'utf8'))).toMatchObject({ version: cell.version });
  await runRounds(project, [nodeProgram(cell.node), ...command]);
}

/** Runs it by this command, and judges it by what its servers have logged. */
export async function runRounds(project: Project, [program = '', ...args]: readonly string[]): Promise<void> {
  const log = path.join(project.dir, 'inside.log');
  const run = await project.run(program, args, { env: { INSIDE_LOG: log } });
  expect(run.exitCode, run.output).toBe(0);
  expect(run.output).not.toContain('PORTSLICE_');
  const entries = readLog(log);
  const listening = entries.filter(({ event }) => event === 'listening');
  expect(listening).toHaveLength(WORKER_COUNT * ROUND_COUNT * SERVERS_PER_ROUND);
  expect(collisions(entries)).toEqual([]);
  await expectAllReleased(project);
}
