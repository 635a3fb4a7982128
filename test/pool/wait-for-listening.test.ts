import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import {
  ForeignListenerError,
  InvalidOptionError,
  ServerExitedError,
  TCPPortOwner,
  waitForListening,
  type WaitForListeningOptions,
  WaitTimeoutError,
} from '../../src/index.ts';
import { errorOf } from '../support/catch-error.ts';
import { NOBODY } from '../support/kernel-peer.ts';
import { hasHolds, hasLinuxFiles } from '../support/kernel-traits.ts';
import { listen, serverCommand, startServer, stopProcess } from '../support/listening-server.ts';
import { needProgram, needRoot } from '../support/needs.ts';
import { reservePorts } from '../support/port-block.ts';
import { scriptOutput } from '../support/run-script.ts';
import { openTestPool } from '../support/test-pool.ts';
import { until } from '../support/until.ts';

function commandOf(processId: number): string {
  return readFileSync(`/proc/${processId}/comm`, 'utf8').trim();
}

describe('a server', () => {
  test('that listens already is found at once', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    await using _server = await listen({ port });
    await expect(waitForListening(port)).resolves.toBeUndefined();
    await expect(waitForListening(port, { host: '127.0.0.1', pid: process.pid })).resolves.toBeUndefined();
    await expect(waitForListening(port, { host: '::1' })).resolves.toBeUndefined();
  });

  test('that starts later is waited for', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    const [command, ...args] = serverCommand(port);
    const child = spawn(command, args, { stdio: 'ignore' });
    try {
      await expect(waitForListening(port, { pid: child.pid as number })).resolves.toBeUndefined();
    } finally {
      await stopProcess(child);
    }
  });

  test('on an owner’s port is found by the owner', async () => {
    await using _opened = await openTestPool(2);
    using owner = new TCPPortOwner();
    using narrow = new TCPPortOwner({ hosts: ['::1'] });
    await using _server = await listen({ port: owner.port });
    await using _other = await listen({ port: narrow.port, host: '::1' });
    await expect(waitForListening(owner)).resolves.toBeUndefined();
    await expect(waitForListening(narrow)).resolves.toBeUndefined();
  });

  test.each(['127.0.0.1', '::1'])('on %s is found by a name under localhost', async (host) => {
    await using _opened = await openTestPool(1);
    using owner = new TCPPortOwner({ hosts: ['app.localhost'] });
    expect(owner.url('/x')).toBe(`http://app.localhost:${owner.port}/x`);
    await using _server = await listen({ port: owner.port, host });
    await expect(waitForListening(owner)).resolves.toBeUndefined();
    await expect(waitForListening(owner.port, { host: 'A.B.localhost.' })).resolves.toBeUndefined();
  });

  test.each([
    ['ipv6', '::1', '127.0.0.1'],
    ['ipv4', '127.0.0.1', '::1'],
  ] as const)('of an owner of %s is one at %s, and none at %s', async (socketAddressFamily, own, other) => {
    await using _opened = await openTestPool(1);
    using owner = new TCPPortOwner({ hosts: ['app.localhost'], socketAddressFamily });
    expect(owner.host).toBe(own);
    await using _stranger = await listen({ port: owner.port, host: other });
    await errorOf(WaitTimeoutError, () => waitForListening(owner, { timeoutMs: 100 }));
    await using _server = await listen({ port: owner.port, host: own });
    await expect(waitForListening(owner)).resolves.toBeUndefined();
  });

  test('that another process has started is its process’s', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    // What follows the server keeps the shell from giving its own process to it.
    const shell = spawn('sh', ['-c', '"$0" "$@" >/dev/null & echo $!; wait; true', ...serverCommand(port)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [serverPid] = ((await once(shell.stdout, 'data')) as [Buffer]).map((text) =>
      Number(text.toString()),
    );
    try {
      await expect(waitForListening(port, { pid: shell.pid as number })).resolves.toBeUndefined();
      await expect(waitForListening(port, { pid: serverPid as number })).resolves.toBeUndefined();
    } finally {
      process.kill(serverPid as number, 'SIGKILL');
      await stopProcess(shell);
    }
  });
});

describe('nobody who listens', () => {
  test('is an error after the time-out, with host, port and the last problem', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    const act = () => waitForListening(port, { host: '127.0.0.1', timeoutMs: 1500 });
    const error = await errorOf(WaitTimeoutError, act);
    expect(error).toMatchObject({ port, timeoutMs: 1500 });
    expect(error.message).toContain(
      `Nothing accepted a connection on 127.0.0.1:${port} within 1500 ms (ECONNREFUSED)`,
    );
  });

  test('on the port of an owner of every address is looked for on localhost', async () => {
    await using _opened = await openTestPool(1);
    using owner = new TCPPortOwner({ hosts: ['0.0.0.0'] });
    const act = () => waitForListening(owner, { timeoutMs: 0 });
    expect((await errorOf(WaitTimeoutError, act)).message).toContain(` localhost:${owner.port} `);
  });

  test('is an error also with a time-out of 0, after one try', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    const act = () => waitForListening(port, { timeoutMs: 0 });
    expect(await errorOf(WaitTimeoutError, act)).toMatchObject({ timeoutMs: 0 });
    await using _server = await listen({ port });
    await expect(waitForListening(port)).resolves.toBeUndefined();
  });

  test('on the right host, but on another one, is an error', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    await using _server = await listen({ port, host: '::1' });
    const act = () => waitForListening(port, { host: '127.0.0.1', timeoutMs: 1500 });
    expect((await errorOf(WaitTimeoutError, act)).message).toMatch(
      new RegExp(
        `on 127\\.0\\.0\\.1:${port} within 1500 ms \\(ECONNREFUSED\\), but a server listens on \\[::1\\]:${port}\\. `,
      ),
    );
  });

  test('is told where the process and its children listen instead, on whatever port', async () => {
    await using block = await reservePorts(2);
    const [port, other] = block.ports as [number, number];
    await using server = await startServer(other, '127.0.0.2');
    const act = () => waitForListening(port, { pid: server.pid, timeoutMs: 1500 });
    expect((await errorOf(WaitTimeoutError, act)).message).toContain(
      `but process ${server.pid}, or one that it has started, listens on 127.0.0.2:${other}. Give the server this port and host`,
    );
    const silent = spawn('sleep', ['600'], { stdio: 'ignore' });
    try {
      const waiting = () => waitForListening(port, { pid: silent.pid, timeoutMs: 1500 });
      expect((await errorOf(WaitTimeoutError, waiting)).message).toContain('(ECONNREFUSED). Look at');
    } finally {
      await stopProcess(silent);
    }
  });

  test('ends with the reason of the signal', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    const abort = new AbortController();
    const waiting = waitForListening(port, { signal: abort.signal });
    const reason = new Error('the test is over');
    setImmediate(() => abort.abort(reason));
    await expect(waiting).rejects.toBe(reason);
    await expect(waitForListening(port, { signal: abort.signal })).rejects.toBe(reason);
  });
});

/** What the wait says of a server that ends so. */
async function messageFor(port: TCPPortOwner, command: string): Promise<string> {
  const child = spawn('sh', ['-c', command], { stdio: 'ignore' });
  return (await errorOf(ServerExitedError, () => waitForListening(port, { process: child }))).message;
}

describe('a server process that ends', () => {
  test('ends the wait, though the time-out is far away', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    const child = spawn(process.execPath, ['-e', 'process.exit(3)'], { stdio: 'ignore' });
    const waiting = waitForListening(port, { pid: child.pid as number, timeoutMs: 15_000 });
    const error = await errorOf(ServerExitedError, () => waiting);
    expect(error).toMatchObject({ port, processId: child.pid });
    expect(error.message).toContain(
      `Process ${child.pid} ended before it listened on port ${port} (exit code `,
    );
  });

  test.each([
    [
      'exit 0',
      { exitCode: 0, signal: undefined },
      '(exit code 0). If it starts the server in the background, wait',
    ],
    ['exit 3', { exitCode: 3, signal: undefined }, '(exit code 3). Look at its output for the reason.'],
    [
      'kill -KILL $$',
      { exitCode: undefined, signal: 'SIGKILL' },
      '(SIGKILL). If nobody has sent it SIGKILL, the system has, for want of memory',
    ],
  ])('is told with how it has ended if it is given as a ChildProcess: %s', async (command, facts, words) => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    const child = spawn('sh', ['-c', command], { stdio: 'ignore' });
    const error = await errorOf(ServerExitedError, () => waitForListening(port, { process: child }));
    expect(error).toMatchObject({ ...facts, port, processId: child.pid });
    expect(error.message).toContain(words);
    expect(error.message).not.toContain('SO_REUSEADDR');
  });

  test('may have been a launcher if nobody knows how it has ended', async () => {
    await using block = await reservePorts(1);
    const child = spawn('true', { stdio: 'ignore' });
    await once(child, 'exit');
    const act = () => waitForListening(block.ports[0] as number, { pid: child.pid });
    expect((await errorOf(ServerExitedError, act)).message).toContain(
      '(exit code unknown). Look at its output for the reason. If it starts the server in the background, wait without pid or process.',
    );
  });

  test('and was a launcher is told so, though what it has started listens', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    const command = '"$0" "$@" >/dev/null & echo $!';
    const launcher = spawn('sh', ['-c', command, ...serverCommand(port)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [serverPid] = (await once(launcher.stdout, 'data')) as [Buffer];
    try {
      await once(launcher, 'exit');
      await waitForListening(port);
      const words = 'If it starts the server in the background, wait without pid or process.';
      const act = () => waitForListening(port, { process: launcher });
      expect((await errorOf(ServerExitedError, act)).message).toContain(words);
    } finally {
      process.kill(Number(serverPid.toString()), 'SIGKILL');
    }
  });

  test.runIf(hasHolds)('may be one that cannot listen on a held port if this process holds it', async () => {
    await using _opened = await openTestPool(2);
    using owner = new TCPPortOwner();
    using checked = new TCPPortOwner({ hold: false });
    expect(await messageFor(owner, 'exit 1')).toContain(
      'it sets neither SO_REUSEADDR nor SO_REUSEPORT: give it a port with hold: false.',
    );
    expect(await messageFor(owner, 'kill -KILL $$')).not.toContain('hold: false');
    expect(await messageFor(checked, 'exit 1')).not.toContain('hold: false');
  });

  test('ends the wait even if its parent never asks for its exit code', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    // The shell becomes a program that does not know of its child, which so becomes a zombie.
    const parent = spawn('sh', ['-c', 'cat <&3 >/dev/null & echo $!; exec sleep 600 3<&-'], {
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    });
    try {
      const [pid] = ((await once(parent.stdout as Readable, 'data')) as [Buffer]).map((text) =>
        Number(text.toString()),
      );
      await until('the shell is replaced', () => commandOf(parent.pid as number) === 'sleep');
      const waiting = waitForListening(port, { pid: pid as number, timeoutMs: 15_000 });
      (parent.stdio[3] as Writable).end();
      await errorOf(ServerExitedError, () => waiting);
      // Still there, as a zombie.
      expect(() => process.kill(pid as number, 0)).not.toThrow();
    } finally {
      await stopProcess(parent);
    }
  });
});

describe('a foreign listener', () => {
  test('is named with process and command', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    await using server = await startServer(port);
    const other = spawn('sleep', ['600'], { stdio: 'ignore' });
    const act = () => waitForListening(port, { pid: other.pid as number });
    const error = await errorOf(ForeignListenerError, act).finally(() => void stopProcess(other));
    expect(error).toMatchObject({
      port,
      processId: server.pid,
      command: expect.stringContaining(`listening-server.program.ts ${port}`) as string,
    });
    expect(error.message).toContain(`Port ${port} is listened on by pid ${server.pid} (`);
    expect(error.message).toContain(`not by pid ${other.pid}`);
  });

  test('that is the test itself is called so', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    await using _server = await listen({ port });
    const other = spawn('sleep', ['600'], { stdio: 'ignore' });
    const act = () => waitForListening(port, { pid: other.pid });
    const error = await errorOf(ForeignListenerError, act).finally(() => void stopProcess(other));
    expect(error.message).toContain(
      `is listened on by this test process itself (pid ${process.pid}), not by`,
    );
  });

  test('is accepted if no process was named', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    await using _server = await startServer(port);
    await expect(waitForListening(port)).resolves.toBeUndefined();
  });

  test('is told apart from a dead server: the listener is the better news', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    await using server = await startServer(port);
    const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' });
    await once(child, 'exit');
    const act = () => waitForListening(port, { pid: child.pid as number });
    expect((await errorOf(ForeignListenerError, act)).processId).toBe(server.pid);
  });
});

/** The kernel shows only to root whose sockets another user's are, so this waits as a user who is nobody. */
async function waitAsNobody(port: number, pid: number): Promise<string> {
  const code = `
    import { waitForListening } from './src/index.ts';
    process.setgid(${NOBODY});
    process.setuid(${NOBODY});
    const outcome = await waitForListening(${port}, { pid: ${pid}, timeoutMs: 15_000 }).catch(({ message }) => message);
    console.log(JSON.stringify(outcome ?? 'listens'));
  `;
  return scriptOutput<string>(code);
}

describe.runIf(hasLinuxFiles)('a listener whose process is hidden from us', () => {
  test('is foreign if it is of another user than the server, and also if the server is dead', async (context) => {
    needRoot(context);
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    await using _server = await listen({ port });
    const own = spawn('sleep', ['600'], { stdio: 'ignore', uid: NOBODY, gid: NOBODY });
    const foreign = new RegExp(`^Port ${port} is listened on by a process of user 0, not by pid ${own.pid}`);
    try {
      expect(await waitAsNobody(port, own.pid as number)).toMatch(foreign);
    } finally {
      await stopProcess(own);
    }
    expect(await waitAsNobody(port, own.pid as number)).toMatch(foreign);
  });

  test('is the server if it is of the same user', async (context) => {
    needRoot(context);
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    // Only root may look into a program that has changed its user, as many servers do, or that asks for it (PR_SET_DUMPABLE).
    const code = `
import ctypes, os, socket
os.setgid(${NOBODY}); os.setuid(${NOBODY}); ctypes.CDLL(None).prctl(4, 0)
s = socket.create_server(('', ${port})); print('listening', flush=True); s.accept(); input()
`;
    const server = spawn(needProgram(context, 'python3'), ['-c', code], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    try {
      await once(server.stdout, 'data');
      expect(await waitAsNobody(port, server.pid as number)).toBe('listens');
    } finally {
      await stopProcess(server);
    }
  });
});

describe('bad arguments', () => {
  test.each([0, 65_536, 1.5, '80', null, undefined, {}])('port %o is refused', async (port) => {
    const act = () => waitForListening(port as number);
    expect((await errorOf(InvalidOptionError, act)).option).toBe('port');
  });

  test('of a program that could not be started is an error at once that says so', async () => {
    const child = spawn('/no/such/program', { stdio: 'ignore' }).on('error', () => {});
    for (const options of [{ pid: child.pid }, { process: child }]) {
      const error = await errorOf(InvalidOptionError, () => waitForListening(2000, options));
      expect(error.message).toMatch(
        /pid is undefined: the program could not be started, and its 'error' event/,
      );
    }
  });

  test.each([
    'two words',
    'http://localhost',
    'localhost:80',
    '[::1]',
    'a/b',
    '-x',
    'x-',
    'a..b',
    `${'x'.repeat(64)}.com`,
    '999.0.0.1',
    '256.1.1.1',
    '1.2.3.4.5',
    '1.1.1.1.',
    '1..2',
  ])('the host %o, which is none, is refused at once', async (host) => {
    const error = await errorOf(InvalidOptionError, () => waitForListening(2000, { host }));
    expect(error.option).toBe('host');
  });

  test.each(['web-1', 'host.1', 'x.123', '127.1', '0', 'a.0x7f'])('the host %o may be one', async (host) => {
    const signal = AbortSignal.abort();
    await expect(waitForListening(2000, { host, signal })).rejects.toBe(signal.reason);
  });

  test.each([
    ['timeoutMs', -1],
    ['timeoutMs', Number.NaN],
    ['timeoutMs', '5'],
    ['signal', {}],
    ['pid', 0],
    ['pid', -5],
    ['pid', '5'],
    ['host', ''],
    ['host', 5],
    ['process', null],
    ['process', 'node'],
    ['process.pid', -1],
  ])('%s = %o is refused', async (option, value) => {
    const [name, key] = option.split('.') as [string, string?];
    const act = () => waitForListening(2000, { [name]: key === undefined ? value : { [key]: value } });
    expect((await errorOf(InvalidOptionError, act)).option).toBe(option);
  });

  test('pid and process together are refused', async () => {
    const both = { pid: 5, process: { pid: 6, exitCode: null, signalCode: null } };
    const error = await errorOf(InvalidOptionError, () => waitForListening(2000, both));
    expect(error.message).toBe('pid is given beside process; expected pid or process, not both.');
  });

  test.each([
    [{ timeout: 5 }, 'timeout'],
    [null, 'options'],
  ])('the options %o are refused', async (options, option) => {
    const act = () => waitForListening(2000, options as WaitForListeningOptions);
    expect((await errorOf(InvalidOptionError, act)).option).toBe(option);
  });
});
