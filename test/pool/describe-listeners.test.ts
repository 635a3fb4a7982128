import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { TCPPortOwner, waitForListening } from '../../src/index.ts';
import { platform } from '../../src/platform/platform.ts';
import { adviceForLeak, describeListener } from '../../src/pool/claim/describe-listeners.ts';
import { hasLinuxFiles } from '../support/kernel-traits.ts';
import { stopProcess } from '../support/listening-server.ts';
import { reservePorts } from '../support/port-block.ts';
import { openTestPool } from '../support/test-pool.ts';
import { collectWarnings } from '../support/warnings.ts';

const listener = { processId: 4711, userId: 0 };

describe('a listener in words', () => {
  test('has its process and its command', () => {
    expect(describeListener({ ...listener, command: 'redis-server *:4021' })).toBe(
      'pid 4711 (redis-server *:4021)',
    );
  });

  test('keeps the beginning and the end of a long command, where the script and its arguments are', () => {
    const command = `/usr/bin/node ${'/a-long-path'.repeat(40)}/server.js 4021`;
    const words = describeListener({ ...listener, command });
    expect(words).toMatch(/^pid 4711 \(\/usr\/bin\/node \/a-.*….*\/server\.js 4021\)$/);
    expect(words).toHaveLength('pid 4711 ()'.length + 120);
  });

  test('is its user where the process cannot be looked into, and has an unknown command where that is empty', () => {
    expect(describeListener({ processId: undefined, command: undefined, userId: 1000 })).toBe(
      'a process of user 1000',
    );
    expect(describeListener({ ...listener, command: '' })).toBe('pid 4711 (unknown command)');
  });

  test('is the test process itself if it is', () => {
    expect(describeListener({ ...listener, processId: process.pid, command: 'node x' })).toBe(
      `this test process itself (pid ${process.pid})`,
    );
  });
});

const SERVER = fileURLToPath(new URL('../support/listening-server.program.ts', import.meta.url));
const SHELL_COMMAND = '"$0" "$1" "$2"; true';

/** Starts a server through a wrapper, and gives its leak in words after `stop` has had the wrapper. */
async function adviceAfter(
  start: (port: number) => ChildProcess,
  stop: (wrapper: ChildProcess) => Promise<void>,
): Promise<string> {
  await using block = await reservePorts(1);
  const [port] = block.ports as [number];
  const wrapper = start(port);
  await waitForListening(port, { pid: wrapper.pid });
  await stop(wrapper);
  const listeners = platform.findListeners(port) ?? [];
  expect(listeners).toHaveLength(1);
  try {
    return adviceForLeak(listeners);
  } finally {
    for (const { processId } of listeners) process.kill(processId as number, 'SIGKILL');
    await stopProcess(wrapper);
  }
}

function startInShell(detached: boolean): (port: number) => ChildProcess {
  return (port) =>
    spawn('sh', ['-c', SHELL_COMMAND, process.execPath, SERVER, `${port}`], { stdio: 'ignore', detached });
}

function startAlone(port: number): ChildProcess {
  return spawn(process.execPath, [SERVER, `${port}`], { stdio: 'ignore', detached: true });
}

const PLAIN = 'Stop the server before the test ends.';
const leaveRunning = (): Promise<void> => Promise.resolve();

describe('a leaked server', () => {
  test.runIf(hasLinuxFiles).each([
    ['in the session of the test', false],
    ['in a session of its own', true],
  ])('whose shell alone was stopped is said to be its child, %s', async (_title, detached) => {
    expect(await adviceAfter(startInShell(detached), stopProcess)).toMatch(
      /if the test stopped a wrapper \(npm, npx or a shell\), only the wrapper was stopped, and the server is its child/,
    );
  });

  test.runIf(hasLinuxFiles)(
    'whose npm alone was stopped is said to be its child, with the script',
    async () => {
      await using folder = temporaryFolder();
      const scripts = { 'serve-it': `${process.execPath} ${SERVER} $SERVER_PORT; true` };
      writeFileSync(path.join(folder.path, 'package.json'), JSON.stringify({ private: true, scripts }));
      const start = (port: number): ChildProcess =>
        spawn('npm', ['run', 'serve-it'], {
          cwd: folder.path,
          stdio: 'ignore',
          env: { ...process.env, SERVER_PORT: `${port}` },
        });
      expect(await adviceAfter(start, stopProcess)).toContain(
        "Only its wrapper 'npm run serve-it' was stopped, and the server is its child.",
      );
      expect(await adviceAfter(start, leaveRunning)).toBe(PLAIN);
    },
  );

  test.runIf(hasLinuxFiles)('whose shell alone was stopped is said so in the warning, too', async () => {
    await using _opened = await openTestPool(1);
    using warnings = collectWarnings();
    const owner = new TCPPortOwner();
    const wrapper = startInShell(true)(owner.port);
    await waitForListening(owner, { pid: wrapper.pid });
    await stopProcess(wrapper);
    const [server] = platform.findListeners(owner.port) ?? [];
    try {
      owner.cleanup();
      expect(await warnings.withCode('PORTSLICE_LEAK')).toEqual([
        expect.stringContaining(
          'only the wrapper was stopped, and the server is its child. Start the server',
        ),
      ]);
    } finally {
      process.kill(server?.processId as number, 'SIGKILL');
    }
  });

  test('that has a shell which still runs, or that the test has started itself, is just to be stopped', async () => {
    expect(await adviceAfter(startInShell(false), leaveRunning)).toBe(PLAIN);
    expect(await adviceAfter(startInShell(true), leaveRunning)).toBe(PLAIN);
    expect(await adviceAfter(startAlone, leaveRunning)).toBe(PLAIN);
  });
});

function temporaryFolder(): AsyncDisposable & { readonly path: string } {
  const folder = mkdtempSync(path.join(tmpdir(), 'portslice-npm-'));
  return { path: folder, [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true }) };
}
