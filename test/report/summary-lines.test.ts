import { expect, test } from 'vitest';
import { summaryLines } from '../../src/report/summary-lines.ts';
import { bare, complete, portUse, testReport } from './samples.ts';

test('three lines tell of ports, leaks and servers', () => {
  expect(summaryLines({ ...complete, shared: [] })).toEqual([
    'portslice: 2 ports handed out of a pool of 1,000; at most 2 at once, most of them in worker 1; 1 wait, at most 12 ms; 2 borrowed.',
    "portslice: 1 server left behind: port 20001 of 'shop/cart.spec.ts > cart > is empty' to pid 4711 (node server.js).",
    'portslice: 2 servers started; 0 never ready; the slowest was ready after 80 ms (node server.js 20002).',
  ]);
});

test('a run without pool, waits and servers has three lines, too', () => {
  const summary = {
    ...bare.summary,
    poolPortCount: 0,
    handedOut: 1,
    borrowed: 0,
    waits: { count: 0, totalMs: 0, longestMs: 0 },
    servers: { count: 0, failed: 0, slowestReadyMs: undefined },
  };
  expect(summaryLines({ ...bare, summary, tests: [], shared: [] })).toEqual([
    'portslice: 1 port handed out; nobody waited; 0 borrowed.',
    'portslice: no server was left behind.',
    'portslice: no server was started by a fixture.',
  ]);
});

test('of several machines the one is named on which the most ports were in use', () => {
  const [machine] = complete.machines as [(typeof complete.machines)[number]];
  const two = { ...complete, machines: [machine, { ...machine, shard: undefined, hostName: 'other' }] };
  expect(summaryLines(two)[0]).toContain(
    'of a pool of 1,000 on 2 machines; at most 2 at once, most of them in worker 1 of shard 1;',
  );
});

test('of many leaks three are named, and a leak of a worker with the worker', () => {
  const leaky = { ...complete, tests: Array.from({ length: 9 }, () => testReport) };
  expect(summaryLines({ ...leaky, shared: [] })[1]).toMatch(
    /^portslice: 9 servers left behind: .*; and 6 more\.$/,
  );
  const ofWorker = {
    machine: 0,
    worker: 4,
    scope: 'worker',
    file: undefined,
    ports: [portUse],
    servers: [],
  } as const;
  expect(summaryLines({ ...complete, tests: [], shared: [ofWorker] })[1]).toContain(
    'port 20001 of worker 4 to',
  );
});

test('hostile names stay in their line, and are cut', () => {
  const titles = ['\u001b[2J\r\n::error::x', 'y'.repeat(10_000)];
  const leakedBy = [{ processId: undefined, command: '\u001b]0;title\u0007node\nserver' }];
  const lines = summaryLines({
    ...complete,
    tests: [{ ...testReport, titles, ports: [{ ...portUse, leakedBy }] }],
  });
  for (const line of lines) {
    expect(line).not.toMatch(/\p{Cc}/u);
    expect(line.length).toBeLessThan(1_000);
  }
});
