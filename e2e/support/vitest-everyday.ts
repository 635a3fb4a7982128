/** A file of Vitest tests that use ports in every way, and what must have come of it. */
import { expect } from './project.ts';
import { collisions } from './server-log.ts';
import { type VitestRun } from './vitest-project.ts';

/** Everything that a file of tests does with ports when nothing goes wrong. */
export const EVERYDAY: string = `
import { setTimeout as pause } from 'node:timers/promises';
import { PortPool } from 'portslice';
import { test } from 'portslice/vitest';
import { afterAll, afterEach, describe, expect, vi } from 'vitest';
import { close, isListening, isLocked, note, serve, until } from './inside.ts';

note('pool ' + process.env.PORTSLICE_POOL);

async function use({ port }) {
  const server = await serve({ port });
  expect(await (await fetch('http://localhost:' + port)).text()).toBe('pid ' + process.pid);
  await pause(Math.random() * 10);
  await close(server);
  // Threads are in the process that forks: a child has copies of their sockets until its exec, and is what still listens then.
  await until(() => !isListening({ port }));
}

const realImmediate = setImmediate;
let previous = [];

describe.concurrent('concurrent', () => {
  for (const title of ['one', 'two', 'three', 'four']) {
    test(title, async ({ port, ports }) => {
      const others = await ports.acquireMany(2);
      const number = await ports.getNextAvailableTCPPort();
      const all = [port, ...others, { port: number }];
      expect(new Set(all.map(({ port }) => port)).size).toBe(4);
      expect(all.every(isLocked)).toBe(true);
      previous.push(...all);
      await Promise.all(all.map(use));
    });
  }
});

test('are released', async () => {
  expect(previous).toHaveLength(16);
  const ports = previous.map(({ port }) => port);
  expect(PortPool.attach().snapshot().filter(({ port, state }) => ports.includes(port) && state !== 'free')).toEqual([]);
  // The locks are closed, but such a child may have copies of them.
  await until(() => !previous.some(isLocked));
});

let ofFile, ofWorker;

for (const title of ['shared first', 'shared second']) {
  test(title, async ({ filePort, workerPort, workerPorts, port, task }) => {
    ofFile ??= filePort;
    ofWorker ??= workerPort;
    expect([filePort, workerPort]).toEqual([ofFile, ofWorker]);
    expect(new Set([filePort.port, workerPort.port, port.port, await workerPorts.getNextAvailableTCPPort()]).size).toBe(4);
    note('filePort ' + task.file.name + ' ' + filePort);
    await use(filePort);
    await use(workerPort);
  });
}

let tries = 0;
test('retried', { retry: 2 }, async ({ port }) => {
  note('try ' + port);
  await use(port);
  if (++tries < 3) throw new Error('once more');
});

test('repeated', { repeats: 2 }, async ({ port }) => {
  await use(port);
});

test('closed in onTestFinished', async ({ port, onTestFinished }) => {
  const server = await serve(port);
  onTestFinished(() => close(server));
});

describe('with hooks', () => {
  let server, dispenser;
  afterEach(async () => {
    await close(server);
    expect(isLocked(await dispenser.acquire())).toBe(true);
  });
  test('closed in afterEach', async ({ port, ports }) => {
    dispenser = ports;
    server = await serve(port);
  });
});

test('skipped on the way', async ({ port, skip, onTestFinished }) => {
  const server = await serve(port);
  onTestFinished(() => close(server));
  skip();
});

const withServer = test.extend({
  server: async ({ port }, use) => {
    const server = await serve(port);
    await use(port.url());
    await close(server);
  },
});
withServer('a users fixture', async ({ server, port }) => {
  expect(server).toBe('http://localhost:' + port);
  expect((await fetch(server)).ok).toBe(true);
});

describe('fake timers', () => {
  test('do not keep ports from being claimed and released', async ({ port, ports, onTestFinished }) => {
    vi.useFakeTimers();
    const server = await serve(await ports.acquire());
    await close(await serve(port));
    // It closes while its port is being released, and the timers are still fake then.
    onTestFinished(() => void realImmediate(() => close(server)));
  });
  afterAll(() => { vi.useRealTimers(); });
});

test('a slice of its own', ({ task }) => {
  const ours = PortPool.attach().snapshot().filter(({ label }) => label.startsWith(task.file.name));
  expect(ours.length).toBeGreaterThan(5);
  expect(new Set(ours.map(({ slice }) => slice)).size).toBe(1);
  expect(ours[0].slice).toBeGreaterThan(0);
});
`;

const PASSED = 14;
/** 4 tests of 4 ports, 2 of 2, 3 tries, 6 of one or two. */
const LISTENED = 4 * 4 + 2 * 2 + 3 + 6;

/**
 * @param files their names, of which each has the tests above
 * @param repetitions how often 'repeated' ran: Vitest 3 drops the option that says so
 */
export function expectEverydayRun(run: VitestRun, files: readonly string[], repetitions = 3): void {
  expect(run.exitCode, run.output).toBe(0);
  expect(run.titles('passed')).toHaveLength(PASSED * files.length);
  expect(run.titles('skipped').concat(run.titles('pending'))).toHaveLength(files.length);
  expect(run.log.filter(({ event }) => event === 'listening')).toHaveLength(
    (LISTENED + repetitions) * files.length,
  );
  expect(collisions(run.log)).toEqual([]);
  expect(run.output).not.toContain('PORTSLICE_');
  expect(new Set(run.notes('pool ')).size).toBe(1);
  expect(new Set(run.notes('filePort ')).size).toBe(files.length);
  // Each try of a test is a test of its own: two of three failed, and what failed is kept sealed.
  expect(new Set(run.notes('try ')).size).toBe(3 * files.length);
  const { left, leaks } = run.end();
  expect(left.map(({ state, label }) => `${state} ${label}`).toSorted()).toEqual(
    files.flatMap((name) => Array.from({ length: 2 }, () => `sealed ${name} > retried`)).toSorted(),
  );
  expect(leaks).toBe(0);
}
