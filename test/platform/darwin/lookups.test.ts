/** What macOS' tables tell of sockets and processes, on the Darwin stand-in. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { isAlive, isRunning } from '../../../src/platform/darwin/liveness.ts';
import { readCommand } from '../../../src/platform/darwin/proc.ts';
import { platform } from '../../../src/platform/platform.ts';
import { withTraits } from '../../support/darwin/machine-variables.ts';
import { NOBODY, startPeer, startPeerThread } from '../../support/kernel-peer.ts';
import { listen, serverCommand, startServer, stopProcess } from '../../support/listening-server.ts';
import { needRoot } from '../../support/needs.ts';
import { reservePorts } from '../../support/port-block.ts';
import { runScript } from '../../support/run-script.ts';
import { until } from '../../support/until.ts';

const userId = process.getuid?.();

describe('who listens on a port', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['::', '[::]'],
    ['::1', '[::1]'],
  ])('is the process, its command line and its address: %s', async (host, text) => {
    await using block = await reservePorts(2);
    const [port, neighbour] = block.ports as [number, number];
    expect(platform.findListeners(port)).toEqual([]);
    await using server = await startServer(port, host);
    await using _neighbour = await listen({ port: neighbour });
    const command = serverCommand(port, host).join(' ');
    expect(platform.findListeners(port)).toEqual([{ processId: server.pid, command, userId }]);
    expect([...(platform.findListeningPorts() ?? [])]).toEqual(expect.arrayContaining([port, neighbour]));
    expect(platform.findAddressesOfPort(port)).toEqual([`${text}:${port}`]);
    expect(platform.findAddressesOfProcess(server.pid)).toEqual([`${text}:${port}`]);
    expect(platform.findAddressesOfProcess(process.pid)).toContain(`${text}:${port}`);
    await server.stop();
    expect(platform.findListeners(port)).toEqual([]);
  });

  test('is one process, though it has two sockets', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    await using _one = await listen({ port, host: '127.0.0.1' });
    await using _other = await listen({ port, host: '::1' });
    expect(platform.findListeners(port)).toEqual([expect.objectContaining({ processId: process.pid })]);
  });

  test('is nobody where there are only a lock and a seal, which are no TIME_WAIT either', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    const kernel = platform.openKernel();
    const lock = kernel.takeLock(port) as number;
    const seal = kernel.takeSeal(port, 'everywhere') ?? [];
    expect(platform.findListeners(port)).toEqual([]);
    expect(platform.isOnlyInTimeWait(port)).toBe(false);
    kernel.closeDescriptors([...seal, lock]);
  });
});

test('Who has locked a port is its process, by command and user; a port that nobody has locked is left out', async (context) => {
  needRoot(context);
  await using block = await reservePorts(3);
  const [ours, theirs, free] = block.ports as [number, number, number];
  const kernel = platform.openKernel();
  const lock = kernel.takeLock(ours) as number;
  await using peer = await startPeer({ userId: NOBODY });
  await peer.kernel('takeLock', theirs);
  const holders = platform.findLockHolders([ours, theirs, free]);
  expect([...holders.keys()].toSorted((a, b) => a - b)).toEqual([ours, theirs]);
  expect(holders.get(ours)).toMatchObject({ processId: process.pid, userId });
  expect(holders.get(theirs)).toEqual({
    processId: peer.pid,
    userId: NOBODY,
    command: expect.stringContaining('kernel-peer') as string,
  });
  // Of another user's process there is the name of its program.
  const { command } = (await peer.kernel('findLockHolders', [ours])).get(ours) ?? {};
  expect(command).toBeTypeOf('string');
  expect(command).not.toContain(' ');
  kernel.closeDescriptors([lock]);
});

test('A process and a thread are alive until they end', async () => {
  const [victim, thread] = await Promise.all([startPeer(), startPeerThread()]);
  const threadId = await thread.tell.threadId();
  expect(threadId).not.toBe(process.pid);
  for (const number of [process.pid, victim.pid, threadId]) expect(isAlive(number)).toBe(true);
  expect(isRunning(victim.pid)).toBe(true);
  // Another process can tell, too.
  expect(await victim.kernel('isAlive', threadId)).toBe(true);
  await thread.kill();
  await until('the end of the thread', () => !isAlive(threadId));
  expect(await victim.kernel('isAlive', threadId)).toBe(false);
  await victim.kill();
  expect([isAlive(victim.pid), isRunning(victim.pid)]).toEqual([false, false]);
  for (const number of [0, 2 ** 22 - 1, -1]) expect(isAlive(number)).toBe(false);
});

test('A process that has ended and was not looked after is alive, but not running', async () => {
  const parent = spawn('sh', ['-c', 'cat <&3 & exec 3<&-; echo $!; exec sleep 1000'], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  await using _end = { [Symbol.asyncDispose]: () => stopProcess(parent) };
  const [text] = (await once(parent.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  const zombie = Number(text);
  expect(isRunning(zombie)).toBe(true);
  // A shell could look after it.
  await until(
    'the shell has become another program',
    () => readCommand(parent.pid as number) === 'sleep 1000',
  );
  (parent.stdio[3] as NodeJS.WritableStream).end();
  await until('the end of the child', () => !isRunning(zombie));
  expect(isAlive(zombie)).toBe(true);
});

test('The ancestors of a process are the process, its parent and so on; its user is known', async () => {
  await using peer = await startPeer();
  expect(platform.findAncestors(peer.pid).slice(0, 3)).toEqual([peer.pid, process.pid, process.ppid]);
  expect(platform.findUser(peer.pid)).toBe(userId);
  await peer.kill();
  expect(platform.findAncestors(peer.pid)).toEqual([peer.pid]);
  expect(platform.findUser(peer.pid)).toBeUndefined();
});

test.each([
  [
    withTraits('localhost-is-link-local'),
    /\[PORTSLICE_LOCK_IN_THE_WAY\].*'localhost' means fe80::1%lo0 too, .* out of \/etc\/hosts, or let such servers listen on 127\.0\.0\.1\./,
  ],
  [withTraits(), /^$/],
])(
  'A run is told where localhost names the address of the locks, and only there: %o',
  async (env, warning) => {
    const code = "import { PortPool } from './src/index.ts'; PortPool.create({ ports: '2000' }).close();";
    const { status, stderr } = await runScript(code, { env });
    expect(stderr).toMatch(warning);
    expect(status).toBe(0);
  },
);
