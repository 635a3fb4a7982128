/** Produces every error code for real: each cause below is what a user could run into. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import * as portslice from '../src/index.ts';
import {
  AlreadyServedError,
  getServerTCPPorts,
  PortPool,
  type PortsliceErrorCode,
  PortTakenError,
  runPort,
  type ServerPorts,
  TCPPortOwner,
  waitForListening,
} from '../src/index.ts';
import { libc } from '../src/platform/linux/libc.ts';
import { acquirePort } from '../src/plugin/playwright/acquire-port.ts';
import { PortDispenser } from '../src/plugin/port-dispenser.ts';
import { ServerDispenser } from '../src/plugin/server-dispenser.ts';
import { startServer, stopProcess } from './support/listening-server.ts';
import { isRoot, namespaceWrapper } from './support/namespaces.ts';
import { reservePorts } from './support/port-block.ts';
import { RemoteError, startPortWorker } from './support/port-worker.ts';
import { projectFolder, scriptOutput, type ScriptOptions } from './support/run-script.ts';
import type { ErrorFacts } from './support/serve.ts';
import { openTestPool } from './support/test-pool.ts';
import { collectWarnings } from './support/warnings.ts';

const RUN_ID = '0123456789abcdef0123456789abcdef';

const exports = new Map<string, unknown>(Object.entries(portslice));

/** Ends with the error; those of other processes come as a RemoteError. */
type Cause = () => unknown;

function failToClose({ port }: ServerPorts): () => never {
  const server = createServer().listen(port);
  return () => {
    server.close();
    throw new Error('it is busy');
  };
}

const causes: Readonly<Record<PortsliceErrorCode, Cause>> = {
  PORTSLICE_INVALID_OPTION: () => new TCPPortOwner({ hosts: [] }),
  PORTSLICE_PORT_SPEC: () => getServerTCPPorts({ ports: '2000, abc' }),
  PORTSLICE_EPHEMERAL_RANGE: () => inScript(`${onPlatform('sunos')} m.getEphemeralTCPPortRange();`),
  PORTSLICE_POOL_HANDLE: () => PortPool.attach('localhost:8080'),
  PORTSLICE_POOL_STALE: async () => {
    await using creator = startPortWorker();
    const handle = await creator.call('createPool', { ports: '2000' });
    await creator.kill();
    PortPool.attach(handle);
  },
  PORTSLICE_POOL_FOREIGN: () => {
    const descriptor = libc().memfd_create('portslice', 0);
    try {
      PortPool.attach(`portslice:1:memfd:${process.pid}:${descriptor}:${RUN_ID}`);
    } finally {
      libc().close(descriptor);
    }
  },
  PORTSLICE_POOL_DAMAGED: async () => {
    await using creator = startPortWorker();
    const handle = await creator.call('createPool', { ports: '2000' });
    const [, , , , descriptor] = handle.split(':');
    const memory = openSync(`/proc/${creator.pid}/fd/${descriptor}`, 'r+');
    writeSync(memory, 'garbage', 0);
    PortPool.attach(handle);
  },
  PORTSLICE_POOL_CLOSED: () => {
    const pool = PortPool.create({ ports: '2000' });
    pool.close();
    pool.stats();
  },
  PORTSLICE_POOL_EXHAUSTED: async () => {
    await using _opened = await openTestPool(1);
    using _owner = new TCPPortOwner();
    using _second = new TCPPortOwner();
  },
  PORTSLICE_PORT_TAKEN: () => {
    throw new PortTakenError({
      port: 21_301,
      problem: 'is taken',
      holder: { processId: 123, command: 'node server.js', label: 'shows a page' },
      fix: 'Ask for any port instead',
    });
  },
  PORTSLICE_TEST_ENDED: async () => {
    await using _opened = await openTestPool(1);
    const facts = { fixture: 'ports', label: 'ends', defaults: {}, testTimeoutMs: 0, scope: 'test' as const };
    const ports = new PortDispenser({ ...facts, onAcquire: () => {} });
    await ports.releaseAll(true);
    await ports.acquire();
  },
  PORTSLICE_PORT_LEAK: async () => {
    await using _opened = await openTestPool(1);
    const facts = { fixture: 'ports', label: 'leaks', testTimeoutMs: 0, scope: 'test' as const };
    const ports = new PortDispenser({ ...facts, defaults: { onLeak: 'fail' }, onAcquire: () => {} });
    await using _server = await startServer((await ports.acquire()).port);
    await ports.releaseAll(false);
  },
  PORTSLICE_HOST: () => new TCPPortOwner({ hosts: ['192.0.2.1'] }),
  PORTSLICE_RESOURCE_LIMIT: async () => {
    await using opened = await openTestPool(1);
    await using worker = startPortWorker({ env: opened.env, descriptorLimit: 256 });
    await worker.call('attach');
    await worker.call('useUpDescriptors', 0);
    await worker.call('claim');
  },
  PORTSLICE_PERMISSION: () => inScript(PRIVILEGED_PORT, { wrapper: (isRoot && namespaceWrapper()) || [] }),
  // A memfd may not grow beyond the limit for files, of which nobody thinks.
  PORTSLICE_SYSTEM_CALL: () =>
    inScript("m.PortPool.create({ ports: '2000-2100' });", {
      wrapper: ['sh', '-c', 'ulimit -f 1; exec "$0" "$@"'],
    }),
  PORTSLICE_FFI_UNAVAILABLE: () => inScript('new m.TCPPortOwner();', { nodeOptions: ['--no-addons'] }),
  PORTSLICE_UNSUPPORTED_PLATFORM: () =>
    inScript(`${onPlatform('freebsd')} new m.TCPPortOwner();`, { env: { PORTSLICE_PORTS: '2000' } }),
  PORTSLICE_WAIT_TIMEOUT: async () => {
    await using block = await reservePorts(1);
    await waitForListening(block.ports[0] as number, { timeoutMs: 1 });
  },
  PORTSLICE_SERVER_EXITED: async () => {
    await using block = await reservePorts(1);
    const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' });
    await once(child, 'exit');
    await waitForListening(block.ports[0] as number, { pid: child.pid as number });
  },
  PORTSLICE_SERVER_DIED: async () => {
    await using _opened = await openTestPool(1);
    const facts = {
      fixture: 'server',
      label: 'dies',
      defaults: {},
      testTimeoutMs: 0,
      scope: 'test' as const,
    };
    const servers = new ServerDispenser({ ...facts, onAcquire: () => {} }, undefined);
    const listen = 'require("node:http").createServer().listen(process.env.PORT)';
    const { pid, exited } = await servers.start({ command: [process.execPath, '-e', listen] });
    process.kill(pid as number, 'SIGKILL');
    await exited;
    const [death] = await servers.findDeaths([]);
    await servers.endAll(true);
    throw death as Error;
  },
  PORTSLICE_FOREIGN_LISTENER: async () => {
    await using block = await reservePorts(1);
    await using _server = await startServer(block.ports[0] as number);
    const other = spawn('sleep', ['600'], { stdio: 'ignore' });
    const waiting = waitForListening(block.ports[0] as number, { pid: other.pid as number });
    await waiting.finally(() => void stopProcess(other));
  },
  // This process is a worker of a run that has claimed none.
  PORTSLICE_RUN_PORT_UNKNOWN: () => runPort('web'),
  PORTSLICE_ALREADY_SERVED: () => {
    throw new AlreadyServedError({
      runPort: 'web',
      folder: '/home/me/shop',
      port: 21_301,
      holder: { processId: 123, command: 'portslice run -- vite' },
    });
  },
  PORTSLICE_SERVER_COMMAND: () => portslice.startServer({ command: ['no-such-program'] }),
  PORTSLICE_SERVER_NOT_READY: () => portslice.startServer({ command: ['sleep', '600'], readyTimeoutMs: 1 }),
  PORTSLICE_SERVER_ADDRESS_IN_USE: () =>
    portslice.startServer({ command: 'echo Address already in use.; exit 1', hold: false }),
  PORTSLICE_SERVER_HAND_OVER: () =>
    portslice.startServer({ command: ['sleep', '600'], listen: 'inherit', readyTimeoutMs: 1 }),
  PORTSLICE_SERVER_STOPPED: async () => {
    const server = await portslice.startServer({ command: ({ port }) => createServer().listen(port) });
    await server.stop();
    await server.restart();
  },
  PORTSLICE_SERVER_STOP: async () => {
    await (await portslice.startServer({ command: failToClose })).stop();
  },
  // No test of Playwright runs here.
  PORTSLICE_NO_TEST: () => acquirePort(),
};

/** In a new network namespace only root may listen below 1024; root then becomes somebody else. */
const PRIVILEGED_PORT = `
  const pool = m.PortPool.create({ ports: '2000' });
  if (process.getuid() === 0) process.setuid(65534);
  await m.PortPool.create({ ports: '1' }).slice().acquire({ acquireTimeoutMs: 0 });
`;

function onPlatform(name: string): string {
  return `Object.defineProperty(process, 'platform', { value: '${name}' }); m = await import(entry);`;
}

/** Runs the code in a process of its own, with the package as `m`, and throws what it throws. */
async function inScript(code: string, options: ScriptOptions = {}): Promise<void> {
  const importsItself = code.includes('import(entry)');
  const facts = await scriptOutput<ErrorFacts | null>(
    `
    const entry = './src/index.ts';
    let m = ${importsItself ? 'undefined' : 'await import(entry)'};
    let facts = null;
    try { ${code} } catch (error) {
      const { PortsliceError } = await import(entry);
      const { name, message, code } = error;
      facts = { name, message, code, isOurs: error instanceof PortsliceError };
    }
    console.log(JSON.stringify(facts));
    `,
    options,
  );
  if (facts !== null) throw new RemoteError(facts);
}

async function factsOf(cause: Cause): Promise<ErrorFacts | undefined> {
  try {
    await cause();
    return undefined;
  } catch (error) {
    if (error instanceof RemoteError) return error.facts;
    const { name, message, code } = error as NodeJS.ErrnoException;
    return { name, message, code, isOurs: error instanceof portslice.PortsliceError };
  }
}

function codesInSource(): string[] {
  const text = readFileSync(path.join(projectFolder, 'src/errors/base.ts'), 'utf8');
  return [...text.matchAll(/^ {2}\| '(PORTSLICE_\w+)';?$/gm)].map(([, code]) => code as string);
}

const ABOUT_A_PORT = /^More: npx portslice who \d+$/;
/** Of what a command can tell more. */
const HINTS: Readonly<Record<string, RegExp>> = {
  PORTSLICE_POOL_EXHAUSTED: /^More: npx portslice status$/,
  PORTSLICE_PORT_TAKEN: ABOUT_A_PORT,
  PORTSLICE_PORT_LEAK: ABOUT_A_PORT,
  PORTSLICE_FOREIGN_LISTENER: ABOUT_A_PORT,
  PORTSLICE_SERVER_ADDRESS_IN_USE: ABOUT_A_PORT,
};

/** Nothing follows the command, so that it can be copied. */
function splitHint(message: string): { readonly sentences: string; readonly hint: string } {
  const [hint = ''] = /More: .*$/.exec(message) ?? [];
  return { sentences: message.slice(0, message.length - hint.length).trimEnd(), hint };
}

describe('every error code', () => {
  test('has a cause in this table', () => {
    expect(Object.keys(causes).toSorted()).toEqual(codesInSource().toSorted());
    expect(codesInSource().length).toBeGreaterThan(15);
  });

  test.each(Object.entries(causes))('%s is produced by its cause', async (code, cause) => {
    using _warnings = collectWarnings();
    const facts = await factsOf(cause);
    expect(facts).toMatchObject({ code, isOurs: true });
    const { sentences, hint } = splitHint(facts?.message ?? '');
    // What happened, and what to do: two sentences at least.
    expect(sentences).toMatch(code === 'PORTSLICE_INVALID_OPTION' ? /expected .+\.$/ : /\.\s.+\.$/s);
    expect(hint).toMatch(HINTS[code] ?? /^$/);
    expect(facts?.message).not.toMatch(/undefined|\[object Object\]|NaN/);
    const exported = exports.get(facts?.name ?? '') as { prototype: unknown } | undefined;
    expect(exported?.prototype).toBeInstanceOf(portslice.PortsliceError);
  });
});

describe('on a platform without an allocator', () => {
  test('the server ports can be asked for all the same, from a spec', async () => {
    const code = `
      Object.defineProperty(process, 'platform', { value: 'darwin' });
      const { getServerTCPPorts } = await import('./src/index.ts');
      console.log(JSON.stringify(getServerTCPPorts()));
    `;
    expect(await scriptOutput<number[]>(code, { env: { PORTSLICE_PORTS: '2000-2001' } })).toEqual([
      2000, 2001,
    ]);
  });

  test('the package can be imported everywhere without loading anything', async () => {
    const code = `
      Object.defineProperty(process, 'platform', { value: 'sunos' });
      const { browserBlockedPorts } = await import('./src/index.ts');
      console.log(JSON.stringify(browserBlockedPorts.has(6000)));
    `;
    expect(await scriptOutput<boolean>(code, { nodeOptions: ['--no-addons'] })).toBe(true);
  });
});

test.each([
  [
    { problem: 'is taken', holder: { processId: 123, command: 'node server.js', label: 'shop' } },
    "Port 80 is taken: pid 123 (node server.js) holds it for 'shop'. Ask for another. More: npx portslice who 80",
  ],
  [
    { problem: 'is taken', holder: { userId: 7 } },
    'Port 80 is taken: a process of user 7 holds it. Ask for another. More: npx portslice who 80',
  ],
  [
    { problem: 'is no server port: it is below 1024' },
    'Port 80 is no server port: it is below 1024. Ask for another. More: npx portslice who 80',
  ],
])('a port that cannot be had is told with whoever has it: %o', (facts, message) => {
  const error = new PortTakenError({ port: 80, fix: 'Ask for another', ...facts });
  expect(error.message).toBe(message);
  expect(error).toMatchObject({ port: 80, ...('holder' in facts ? { holder: facts.holder } : {}) });
});

test('an error keeps its name, code and facts for programs', async () => {
  await using opened = await openTestPool(1);
  using owner = new TCPPortOwner({ label: 'holder' });
  const error = await TCPPortOwner.acquire({ acquireTimeoutMs: 0 }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({
    name: 'PortPoolExhaustedError',
    code: 'PORTSLICE_POOL_EXHAUSTED',
    facts: { holders: [{ port: owner.port, label: 'holder', processId: process.pid }] },
  });
  expect(String(error)).toMatch(/^PortPoolExhaustedError: No port is free/);
  expect(opened.pool.stats().currentlyAllocatedPorts).toBe(1);
});
