/** Servers that do not come up: the error comes at once, and nothing is left. */
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  ForeignListenerError,
  ServerAddressInUseError,
  ServerCommandError,
  ServerExitedError,
  ServerNotReadyError,
  type ServerPorts,
  startServer,
} from '../../src/index.ts';
import { errorOf } from '../support/catch-error.ts';
import { hasHolds, listenersGuardEveryAddress } from '../support/kernel-traits.ts';
import { leaveTimeWait, listen } from '../support/listening-server.ts';
import { needProgram, needRoot } from '../support/needs.ts';
import { reservePorts } from '../support/port-block.ts';
import { RemoteError, startProgram } from '../support/program.ts';
import { startStranger } from '../support/stranger.ts';
import { openTestPool, type TestPool } from '../support/test-pool.ts';
import { until } from '../support/until.ts';
import { collectWarnings } from '../support/warnings.ts';
import type { TreeCommands } from './tree-worker.program.ts';
import { treeWorkerProgram } from './tree-worker.ts';
import { isListenedOn, WEB, WEB_TEXT } from './web.ts';

function failToClose({ port: own }: ServerPorts): () => never {
  const web = http.createServer().listen(own);
  return () => {
    web.close();
    throw new Error('still\nbusy');
  };
}

let opened: TestPool;
let port: number;
let folder: string;

beforeEach(async () => {
  opened = await openTestPool(1);
  [port] = opened.ports as [number];
  folder = mkdtempSync(path.join(tmpdir(), 'portslice-failures-'));
});

afterEach(async () => {
  if (opened.pool.stats().currentlyAllocatedPorts > 0)
    throw new Error('A start that has failed keeps a port.');
  await opened[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

describe('A program', () => {
  test('that is nowhere is named', async () => {
    const error = await errorOf(ServerCommandError, () =>
      startServer({ command: ['no-such-program', '{port}'] }),
    );
    expect(error.message).toContain("'no-such-program' cannot be started");
    expect(error.message).toContain('PATH');
  });

  test('that is no such file is named by its path', async () => {
    const error = await errorOf(ServerCommandError, () => startServer({ command: ['./no-such-program'] }));
    expect(error.message).toContain('no such file');
    expect(error.program).toBe('./no-such-program');
  });

  test('whose folder does not exist is told apart', async () => {
    const error = await errorOf(ServerCommandError, () =>
      startServer({ command: WEB, cwd: '/no/such/folder' }),
    );
    expect(error.message).toBe(
      `'${WEB[0]}' cannot be started: its folder '/no/such/folder' does not exist. Correct cwd.`,
    );
  });

  test('that may not be executed is told apart', async () => {
    const file = path.join(folder, 'server');
    writeFileSync(file, '#!/bin/sh\n');
    chmodSync(file, 0o600);
    const error = await errorOf(ServerCommandError, () => startServer({ command: [file] }));
    expect(error.message).toContain('may not be executed');
  });

  test('that cannot be given its arguments is told', async () => {
    const command = ['true', 'x'.repeat(2 ** 20)];
    const error = await errorOf(ServerCommandError, () => startServer({ command }));
    expect(error.message).toMatch(
      /^'true' cannot be started: its arguments and environment are too long together \(E2BIG\)\. Pass less, or by a file\.$/,
    );
  });
});

describe('A server that ends before it listens', () => {
  test('is told with its exit code and its last lines', async () => {
    const lines = Array.from({ length: 30 }, (_, index) => `line ${index + 1}`);
    const command = [
      process.execPath,
      '-e',
      `console.log(${JSON.stringify(lines.join('\n'))}); process.exitCode = 3`,
    ];
    const error = await errorOf(ServerExitedError, () => startServer({ command }));
    expect(error).toMatchObject({ exitCode: 3, signal: undefined, port, output: `${lines.join('\n')}\n` });
    expect(error.message).toContain(
      `(exit code 3). Correct what it complains of. Its last output:\n${lines.slice(10).join('\n')}`,
    );
    expect(error.message).not.toContain('line 10\n');
    // What an uncaught error prints: the whole output can be a megabyte.
    expect(inspect(error)).not.toMatch(/^\s+output:/m);
  });

  test('is told with the signal that has ended it', async () => {
    const error = await errorOf(ServerExitedError, () => startServer({ command: 'kill -SEGV $$' }));
    expect(error).toMatchObject({ exitCode: undefined, signal: 'SIGSEGV' });
    expect(error.message).toContain(
      `'kill -SEGV $$' (pid ${error.processId}) ended before it listened on port ${port} (SIGSEGV). ` +
        'Look at its log file for the reason, or let it write to its standard output or error. It has written nothing.',
    );
  });

  test('is told by its label', async () => {
    const error = await errorOf(ServerExitedError, () =>
      startServer({ command: 'exit 1', label: 'the shop' }),
    );
    expect(error.message).toContain(`'the shop' (pid ${error.processId}) ended before it listened`);
  });

  test('because its shell finds no program is told so', async () => {
    const error = await errorOf(ServerExitedError, () => startServer({ command: 'no-such-program {port}' }));
    expect(error.message).toContain(
      '(exit code 127). A shell ends with 127 where there is no such program: install it',
    );
  });

  test('without a failure could be a launcher', async () => {
    const error = await errorOf(ServerExitedError, () => startServer({ command: ['true'] }));
    expect(error.message).toContain('launcher: true');
    expect(error.message).toContain('It has written nothing.');
  });

  test('ends what it has started, too', async () => {
    await errorOf(ServerExitedError, () =>
      startServer({ command: `${WEB_TEXT} & sleep 0.3; exit 1`, ready: /never/ }),
    );
    expect(isListenedOn(port)).toBe(false);
  });
});

describe('A port that is in use', () => {
  test('by somebody with SO_REUSEADDR is told with him, whom the server is not mistaken for', async (context) => {
    using _warnings = collectWarnings();
    await using stranger = startStranger(needProgram(context, 'python3'));
    const command = `touch ${folder}/started; sleep 600`;
    const starting = errorOf(ForeignListenerError, () => startServer({ command }));
    await until('it has started', () => existsSync(`${folder}/started`));
    expect(await stranger.serve({ family: 'ipv4', host: '0.0.0.0' }, port, ['SO_REUSEADDR'])).toBe('done');
    const error = await starting;
    expect(error.port).toBe(port);
    expect(error.command).toContain('stranger.program.py');
    expect(error.message).toContain('sleep 600');
  });

  test('by somebody in another container on the same network is told', async (context) => {
    needRoot(context);
    await using block = await reservePorts(1);
    await using worker = startProgram<TreeCommands>(treeWorkerProgram, {
      wrapper: ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'],
      env: { PORTSLICE_PORTS: block.spec },
    });
    const [taken] = block.ports as [number];
    const command = `touch ${folder}/started; exec sleep 600`;
    const starting = errorOf(RemoteError, () => worker.call('startServer', { command, port: taken }));
    await until('it has started', () => existsSync(`${folder}/started`));
    // Of the same user, and invisible in there.
    await using _impostor = await listen({ port: taken });
    expect(await starting).toMatchObject({ code: 'PORTSLICE_FOREIGN_LISTENER', facts: { port: taken } });
  });

  test.runIf(listenersGuardEveryAddress)(
    'is told with its holder where the server says it first',
    async (context) => {
      using _warnings = collectWarnings();
      await using stranger = startStranger(needProgram(context, 'python3'));
      // It listens everywhere, and the stranger where no client of 127.0.0.9 meets him.
      const command = `touch ${folder}/started; until test -e ${folder}/go; do sleep 0.01; done; exec ${WEB_TEXT}`;
      const starting = errorOf(ServerAddressInUseError, () => startServer({ command, hosts: ['127.0.0.9'] }));
      await until('it has started', () => existsSync(`${folder}/started`));
      expect(await stranger.serve({ family: 'ipv4', host: '127.0.0.5' }, port, ['SO_REUSEADDR'])).toBe(
        'done',
      );
      writeFileSync(`${folder}/go`, '');
      const error = await starting;
      expect(error.message).toContain('stranger.program.py');
      expect(error.message).toContain(`says that port ${port} is in use`);
    },
  );

  test.runIf(listenersGuardEveryAddress)('by the test itself is told so', async () => {
    using _warnings = collectWarnings();
    const command = `touch ${folder}/started; until test -e ${folder}/go; do sleep 0.01; done; exec ${WEB_TEXT}`;
    const starting = errorOf(ServerAddressInUseError, () => startServer({ command, hosts: ['127.0.0.9'] }));
    await until('it has started', () => existsSync(`${folder}/started`));
    await using _own = await listen({ port, host: '127.0.0.5' });
    writeFileSync(`${folder}/go`, '');
    expect((await starting).message).toContain(
      `This test process itself (pid ${process.pid}) listens on it. Close that server first, or give the new one another port.`,
    );
  });

  test('is told at once though the server goes on', async () => {
    const text = `console.error('Error: listen EADDRINUSE: address already in use :::' + process.argv[1]); setInterval(() => {}, 1e6)`;
    const command = [process.execPath, '-e', text, '{port}'];
    const error = await errorOf(ServerAddressInUseError, () => startServer({ command, hold: false }));
    expect(error.message).toContain(
      'Nobody else listens on it, and it was not held either. Let it listen only once; or',
    );
    expect(error.output).toContain('EADDRINUSE');
  });

  test('by the server itself, which listens twice, is told', async () => {
    const twice = `const listen = (then) => require('http').createServer().on('error', console.error).listen(process.argv[1], then); listen(listen)`;
    const command = [process.execPath, '-e', twice, '{port}'];
    const error = await errorOf(ServerAddressInUseError, () => startServer({ command, ready: /never/ }));
    expect(error.message).toContain('Nobody else listens on it, but it does so itself: let it listen once.');
  });

  test.runIf(hasHolds)(
    'by connections that an earlier server has left is told with their end',
    async (context) => {
      await leaveTimeWait(port);
      const bind = 'import socket, sys; socket.socket().bind(("127.0.0.1", int(sys.argv[1])))';
      const command = [needProgram(context, 'python3'), '-c', bind, '{port}'];
      const error = await errorOf(ServerAddressInUseError, () => startServer({ command, ready: /never/ }));
      expect(error.message).toContain(
        'Nobody else listens on it, and it was not held either, but an earlier server has left connections, for up to 60 s. ' +
          'Set SO_REUSEADDR in the server, or wait for 60 s.',
      );
    },
  );

  test('is not taken for the server’s own where it names another one', async () => {
    const command = `echo 'Starting inspector on 127.0.0.1:9229 failed: address already in use'; exit 12`;
    const error = await errorOf(ServerExitedError, () => startServer({ command }));
    expect(error.exitCode).toBe(12);
  });
});

describe('A server that is not ready and cannot be stopped', () => {
  test('is told in one line with what to do, beside the error of its start', async () => {
    using warnings = collectWarnings();
    const options = { command: failToClose, label: 'the busy one', ready: () => false, readyTimeoutMs: 200 };
    await errorOf(ServerNotReadyError, () => startServer(options));
    expect(await warnings.withCode('PORTSLICE_SERVER_LEFT')).toEqual([
      "'the busy one' is not ready, and could not be stopped: Error: still busy. " +
        'Correct what the function of the server has returned to close it.',
    ]);
  });
});

describe('A start that is not wanted any more', () => {
  test('ends with the signal’s reason', async () => {
    const controller = new AbortController();
    const command = `touch ${folder}/started; sleep 600`;
    const starting = startServer({ command, signal: controller.signal });
    await until('it has started', () => existsSync(`${folder}/started`));
    const reason = new Error('changed my mind');
    controller.abort(reason);
    await expect(starting).rejects.toBe(reason);
  });

  test('ends with the reason of a signal of another realm', async () => {
    const reason = new Error('from elsewhere');
    const signal = Object.assign(new EventTarget(), {
      aborted: false,
      reason,
      onabort: null,
      throwIfAborted: () => undefined,
    });
    const command = `touch ${folder}/started; sleep 600`;
    const starting = startServer({ command, signal });
    await until('it has started', () => existsSync(`${folder}/started`));
    signal.dispatchEvent(new Event('abort'));
    await expect(starting).rejects.toBe(reason);
  });

  test('does not begin if the signal is aborted already', async () => {
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(startServer({ command: ['no-such-program'], signal })).rejects.toThrow('too late');
  });

  test('ends in the middle of a question', async () => {
    const controller = new AbortController();
    const starting = startServer({
      command: (ports) =>
        http.createServer(() => controller.abort(new Error('enough'))).listen(ports['port']),
      ready: '/',
      signal: controller.signal,
    });
    await expect(starting).rejects.toThrow('enough');
  });
});
