/** Servers and `portslice run` on the Darwin stand-in: what of them is macOS' alone. The rest is in test/server. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ForeignListenerError, startServer } from '../../../src/index.ts';
import { libc } from '../../../src/platform/darwin/libc.ts';
import { ownFolder } from '../../../src/platform/darwin/own-folder.ts';
import type { HandedSocket } from '../../../src/platform/handed-socket.ts';
import { platform } from '../../../src/platform/platform.ts';
import { serverPlatform } from '../../../src/platform/server-platform.ts';
import { startServing } from '../../run-ports/support.ts';
import { expectNobodyLeftOf, expectNothingOutlives } from '../../server/kill-workers.ts';
import type { TreeCommands } from '../../server/tree-worker.program.ts';
import { startTreeWorker, type TreeWorker, treeWorkerProgram } from '../../server/tree-worker.ts';
import { ask, isListenedOn, WEB } from '../../server/web.ts';
import { WILD_TREES, wildFolder } from '../../server/wild-trees.ts';
import { errorOf } from '../../support/catch-error.ts';
import { cleanEnvironment } from '../../support/environment.ts';
import { NOBODY } from '../../support/kernel-peer.ts';
import { listen, startServer as startListening } from '../../support/listening-server.ts';
import { startProcess } from '../../support/live-process.ts';
import { needRoot } from '../../support/needs.ts';
import { reservePorts } from '../../support/port-block.ts';
import { startProgram } from '../../support/program.ts';
import { projectFolder, runScript, scriptOutput } from '../../support/run-script.ts';
import { openTestPool } from '../../support/test-pool.ts';
import { until } from '../../support/until.ts';
import { collectWarnings } from '../../support/warnings.ts';

const TIMEOUT_MS = 60_000;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'portslice-darwin-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function idOf(port: number): string {
  const sockets = serverPlatform.readListeningSockets()?.filter((socket) => socket.port === port) ?? [];
  expect(sockets).toHaveLength(1);
  return sockets[0]?.socketId as string;
}

describe('A socket that listens', () => {
  test('is known by the same name in the table and among the descriptors of its process alone', async () => {
    await using block = await reservePorts(2);
    const [port, ours] = block.ports as [number, number];
    await using server = await startListening(port, '127.0.0.1');
    await using _own = await listen({ port: ours });
    expect(serverPlatform.listSockets(server.pid)).toContain(idOf(port));
    expect(serverPlatform.listSockets(process.pid)).toContain(idOf(ours));
    expect(serverPlatform.listSockets(process.pid)).not.toContain(idOf(port));
    await server.stop();
    expect(serverPlatform.listSockets(server.pid)).toEqual([]);
  });

  test('is in the same array as before until something changes', async () => {
    // Other tests listen now and then.
    await expect
      .poll(() => serverPlatform.readListeningSockets() === serverPlatform.readListeningSockets())
      .toBe(true);
    const before = serverPlatform.readListeningSockets();
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    await using _one = await listen({ port, host: '127.0.0.1' });
    const after = serverPlatform.readListeningSockets();
    expect(after).not.toBe(before);
    const userId = process.getuid?.();
    expect(after).toContainEqual(expect.objectContaining({ port, address: '127.0.0.1', userId }));
  });

  test('of another user’s process is not seen among its descriptors, and that is known', async (context) => {
    needRoot(context);
    // It becomes another user only here, who could perhaps not read these files.
    const script = `
      const { serverPlatform: { listSockets, canListSockets } } = await import('./src/platform/server-platform.ts');
      const own = canListSockets(process.pid);
      process.setgroups([]);
      process.setgid(${NOBODY});
      process.setuid(${NOBODY});
      const [theirs, gone] = [${process.pid}, 4_000_000].map((pid) => [listSockets(pid).length > 0, canListSockets(pid)]);
      console.log(JSON.stringify({ own, theirs, gone }));`;
    const { own, theirs, gone } = await scriptOutput<{ own: boolean; theirs: boolean[]; gone: boolean[] }>(
      script,
    );
    expect(theirs).toEqual([false, false]);
    expect(own).toBe(true);
    expect(gone).toEqual([false, true]);
  });
});

test('A stranger who listens on the port of a server is told', async () => {
  using _warnings = collectWarnings();
  await using opened = await openTestPool(1);
  const port = opened.ports[0] as number;
  const go = path.join(folder, 'stranger');
  const starting = startServer({ command: ['sh', '-c', `touch ${go}; exec sleep 3600`] });
  await until('the server has been started', () => existsSync(go));
  await using stranger = await startListening(port);
  const error = await errorOf(ForeignListenerError, () => starting);
  expect(error.processId).toBe(stranger.pid);
});

describe('A process that has ended', () => {
  test('has a start as long as its parent has not looked, and later ones have greater starts', async () => {
    const script = `
      import { spawn } from 'node:child_process';
      import { platform } from './src/platform/platform.ts';
      import { serverPlatform } from './src/platform/server-platform.ts';
      const first = spawn('true').pid;
      // Nothing else is done in between, so nobody is told of its end.
      while (platform.isRunning(first)) ;
      const second = spawn('true').pid;
      console.log(JSON.stringify([process.pid, first, second].map((pid) => serverPlatform.findStart(pid))));
      process.exit();`;
    const starts = await scriptOutput<number[]>(script);
    expect(starts).toEqual([expect.any(Number), expect.any(Number), expect.any(Number)]);
    expect(starts).toEqual(starts.toSorted((a, b) => a - b));
  });
});

/** It is known, and ended with its worker, when nothing is left of the way to it. */
async function expectDaemonOf(worker: TreeWorker, id: number): Promise<void> {
  await until('only the daemon is there', () => {
    const all = worker.others();
    return all.length === 1 && all[0]?.command === 'sleep 3600';
  });
  const [daemon] = worker.others();
  expect(await worker.call('has', id, daemon?.pid as number)).toBe(true);
  await worker.kill();
  await expectNobodyLeftOf(worker);
}

/** The programs of a shell tell nobody their environment, as Apple's. */
describe('A daemon that does not show its environment', { timeout: TIMEOUT_MS }, () => {
  test('is known by whom it was started, though that one has ended', async (context) => {
    await using worker = await startTreeWorker(context);
    const id = await worker.call('start', ['sh', '-c', 'setsid sleep 3600 & exit']);
    await expectDaemonOf(worker, id);
  });

  test('that was forked twice is known if somebody has looked in between, by the watchdog too', async (context) => {
    const go = path.join(folder, 'go');
    await using worker = await startTreeWorker(context);
    const inBetween = `until test -e ${go}; do sleep 0.05; done; setsid sleep 3600 &`;
    const id = await worker.call('start', ['sh', '-c', `(${inBetween}) & exit`]);
    await until('the first one has ended', () => worker.others().every(({ pid }) => pid !== id));
    expect(await worker.call('find', id)).not.toEqual([]);
    writeFileSync(go, '');
    await expectDaemonOf(worker, id);
  });
});

test.for([
  'npm behind npm behind a shell',
  'a double fork of Node into another session',
  'redis as a daemon',
])('When the worker is killed, nothing is left of %s', { timeout: TIMEOUT_MS }, async (name, context) => {
  using place = wildFolder();
  await expectNothingOutlives(context, WILD_TREES[name]?.(place.folder, context) as never);
});

test(
  'When the worker is killed right after a start, nothing is left of what does not show its mark',
  { timeout: TIMEOUT_MS },
  async (context) => {
    await using worker = await startTreeWorker(context);
    await worker.startUp({ command: ['sleep', '3600'], isUp: (processes) => processes.length === 1 });
    worker.call('startAndDie', ['sh', '-c', 'env -i setsid sleep 3600 & sleep 3600']).catch(() => undefined);
    await until('the worker is dead', () => !platform.isRunning(worker.pid));
    await expectNobodyLeftOf(worker);
  },
);

test('The built package has its watchdog, too', { timeout: TIMEOUT_MS }, async () => {
  const script = `
    import { startServer } from './dist/index.js';
    const { pid } = await startServer({ command: ${JSON.stringify(WEB)} });
    process.stdout.write(String(pid), () => process.kill(process.pid, 'SIGKILL'));`;
  const { stdout } = await runScript(script);
  const pid = Number(stdout);
  expect(pid).toBeGreaterThan(1);
  await until('its server is gone', () => !platform.isRunning(pid));
});

test('Where every watchdog ends at once, that is told', { timeout: TIMEOUT_MS }, async () => {
  await using worker = startProgram<TreeCommands>(treeWorkerProgram);
  await worker.call('forgetNode');
  const ids: number[] = [];
  await until('it is told', async () => {
    ids.push(await worker.call('start', ['sleep', '3600']));
    return (await worker.call('problem', ids.at(-1) as number)) !== undefined;
  });
  expect(await worker.call('problem', ids.at(-1) as number)).toMatch(
    /the process .* is ended again and again/,
  );
  for (const id of ids) expect(await worker.call('signal', id, 'SIGKILL')).toBe(1);
});

test.for(['127.0.0.1', '0.0.0.0', '::1', '::'])(
  'No socket is made for a server where somebody listens on %s',
  async (host) => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    const open = (): HandedSocket | undefined => serverPlatform.openHandedSocket(port, '', 'dual');
    {
      await using _stranger = await listen({ port, host });
      expect(open()).toBeUndefined();
    }
    const socket = open();
    expect(serverPlatform.listSockets(process.pid)).toContain(socket?.socketId);
    expect(idOf(port)).toBe(socket?.socketId);
    expect(socket?.countWaiting()).toBe(0);
    socket?.close();
    expect(platform.findListeners(port)).toEqual([]);
  },
);

test('A server is given its socket, and is gone with it', async () => {
  await using _opened = await openTestPool(1);
  const heir = path.join(projectFolder, 'test/server/heir.program.ts');
  const server = await startServer({ command: [process.execPath, heir, '{fd}'], listen: 'inherit' });
  expect(await ask(server)).toMatchObject({ pid: server.pid, isForUs: true, hasDescriptor: true });
  expect(platform.findListeners(server.port)).toMatchObject([{ processId: server.pid }]);
  await server.stop();
  expect(isListenedOn(server.port)).toBe(false);
});

function filesOf(id: string): string[] {
  return readdirSync(ownFolder(libc())).filter((file) => file.includes(id));
}

describe('`portslice run`', { timeout: TIMEOUT_MS }, () => {
  test('leaves nothing that whoever looks for it does not take away', async () => {
    const id = 'feedfacefeedface';
    await using serving = startServing();
    await serving.call('announce', { folder: id, name: 'web', port: 20_123, isReady: true });
    const [file] = filesOf(id);
    expect(file).toBe(`served.${id}.web.20123.${serving.pid}.ready`);
    expect(platform.findServedPorts(id, 'web')).toMatchObject([{ port: 20_123, processId: serving.pid }]);
    expect(filesOf(id)).toEqual([file]);
    await serving.kill();
    expect(platform.findServedPorts(id, 'web')).toEqual([]);
    expect(filesOf(id)).toEqual([]);
  });

  test('is joined by those of its folder, and its server does not outlive it', async () => {
    writeFileSync(path.join(folder, 'package.json'), '{}');
    const cli = path.join(projectFolder, 'src/cli.ts');
    await using run = startProcess(
      [process.execPath, cli, 'run', '--port', 'web', '--', ...WEB.slice(0, 2), '{WEB}'],
      {
        cwd: folder,
        env: cleanEnvironment(),
      },
    );
    const joined = async (): Promise<number> =>
      scriptOutput(
        `process.chdir(${JSON.stringify(folder)});
         const { runPort } = await import('${projectFolder}/src/index.ts');
         console.log(runPort('web'));`,
      );
    let port = 0;
    await until('its server is joined', async () => {
      port = await joined();
      return isListenedOn(port);
    });
    const { pid } = await ask({ port });
    expect(platform.findAncestors(pid)).toContain(run.pid);
    expect(await joined()).toBe(port);
    run.child.kill('SIGKILL');
    await until('its server is gone', () => !platform.isRunning(pid));
  });
});
