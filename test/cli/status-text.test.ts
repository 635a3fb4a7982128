/** The status of a machine as people read it. */
import { describe, expect, test } from 'vitest';
import { formatAge } from '../../src/cli/age-text.ts';
import { formatStatus } from '../../src/cli/status-text.ts';
import { widthOf } from '../../src/cli/text-width.ts';
import type {
  MachineStatus,
  PortStatus,
  ReadablePool,
  WorkerStatus,
} from '../../src/report/status/machine-status.ts';

const NOW = 1_800_000_000_000;
const ME = { userId: 1000, userName: 'me' };

function port(number: number, facts: Partial<PortStatus> = {}): PortStatus {
  return { port: number, state: 'held', label: 'a test', claimedAtMs: NOW - 3000, listeners: [], ...facts };
}

function worker(
  slice: number,
  ports: readonly PortStatus[],
  facts: Partial<WorkerStatus> = {},
): WorkerStatus {
  const process = { ...ME, processId: 4720 + slice, startedAtMs: NOW - 61_000 };
  return { slice, process, threadId: 4720 + slice, isAlive: true, ports, ...facts };
}

function pool(workers: readonly WorkerStatus[], facts: Partial<ReadablePool> = {}): ReadablePool {
  return {
    isReadable: true,
    runId: '0'.repeat(32),
    runner: 'playwright',
    isPrivate: false,
    process: {
      ...ME,
      processId: 4711,
      command: 'node playwright test',
      folder: '/home/me/shop',
      startedAtMs: NOW - 133_000,
    },
    startedAtMs: NOW - 132_000,
    portCount: 36_261,
    counts: { claims: 40, peakPorts: 3, borrowedPorts: 0, waits: 0, leaks: 0 },
    workers,
    servedNames: [],
    ...facts,
  };
}

function statusOf(facts: Partial<MachineStatus>): MachineStatus {
  return {
    version: 1,
    readAtMs: NOW,
    networkNamespace: 'cookie:1',
    pools: [],
    otherLocks: [],
    showsAllLocks: true,
    totals: { pools: 1, unreadablePools: 0, workers: 1, heldPorts: 1, sealedPorts: 0, otherLockedPorts: 0 },
    ...facts,
  };
}

function textOf(facts: Partial<MachineStatus>, width?: number): string {
  return formatStatus(statusOf(facts), { width }).join('\n');
}

test('A run has a heading, and a row for each port', () => {
  const server = { ...ME, processId: 4731, command: 'node server.js' };
  const workers = [
    worker(0, [port(20_100, { label: "run port 'web'" })]),
    worker(1, [
      port(20_123, { label: 'pays by card', listeners: [server] }),
      port(20_124, { state: 'sealed' }),
    ]),
    worker(2, []),
    worker(3, [port(20_130, { listeners: [{ ...ME, processId: 4723, command: 'node worker.js' }] })]),
  ];
  const totals = {
    pools: 1,
    unreadablePools: 0,
    workers: 4,
    heldPorts: 3,
    sealedPorts: 1,
    otherLockedPorts: 0,
  };
  expect(textOf({ pools: [pool(workers)], totals })).toBe(
    `
1 pool, 4 workers, 3 ports held, 1 sealed

playwright  /home/me/shop
pid 4711, user me, for 2m 13s, a pool of 36,261 ports for 2m 12s, 40 claims, at most 3 at once
node playwright test
  worker   pid    age   port  state    for  test            server
     run  4720  1m 1s  20100  held      3s  run port 'web'
       1  4721  1m 1s  20123  held      3s  pays by card    4731 node server.js
       1  4721  1m 1s  20124  sealed    3s  a test
       2  4722  1m 1s         no port
       3  4723  1m 1s  20130  held      3s  a test          itself
`.trim(),
  );
});

test('A served name is ready or starting, and what has happened is counted', () => {
  const counts = { claims: 1, peakPorts: 1, borrowedPorts: 2, waits: 1, leaks: 3 };
  const servedNames = [
    { name: 'web', port: 3000, isReady: true },
    { name: 'api', port: 3001, isReady: false },
  ];
  const text = textOf({
    pools: [
      pool([worker(0, [port(3000), port(3001)])], {
        servedNames,
        counts,
        isPrivate: true,
        runner: 'portslice run',
      }),
    ],
  });
  expect(text).toContain(
    'a private pool of 36,261 ports for 2m 12s, 1 claim, at most 1 at once, 2 borrowed, 1 wait, 3 leaks',
  );
  expect(text).toMatch(/ 3000 {2}serves .*\n.* 3001 {2}starting /);
  expect(text).not.toMatch(/^ +worker/m);
});

test('What the system does not tell is said to be not known', () => {
  const unknown = pool([{ slice: 1, process: {}, threadId: 1, ports: [port(20_123, { listeners: [{}] })] }], {
    process: {},
  });
  const hidden = {
    isReadable: false,
    runner: undefined,
    process: { userId: 7 },
    problem: 'it is closed',
  } as const;
  const text = textOf({
    pools: [unknown, hidden],
    otherLocks: [{ process: {}, ports: [{ port: 5, listeners: [] }] }],
    showsAllLocks: false,
  });
  expect(text).toContain('playwright  folder not known\npid not known, user not known, a pool of');
  expect(text).toMatch(/ 1 {2}not known {2}not known {2}20123 {2}held .* a process of not known/);
  expect(text).toContain('runner not known  folder not known\npid not known, user 7, ports not known\n');
  expect(text).toContain('Its pool cannot be read: it is closed.');
  expect(text).toMatch(/not known {2}not known {2}not known {2}5 {6}not known\n/);
  expect(text).toContain('This system does not show every lock: there can be others.');
});

test('Ports of others are told in ranges, by process', () => {
  const root = { userId: 0, userName: 'root' };
  const ports = [1, 2, 3, 7].map((number) => ({ port: 20_000 + number, listeners: [] }));
  const listeners = [{ ...root, processId: 9, command: 'redis' }];
  const text = textOf({
    otherLocks: [
      { process: { ...root, processId: 8, command: 'node old.js', startedAtMs: NOW - 5000 }, ports },
      { process: root, ports: [{ port: 30_000, listeners }] },
    ],
    totals: { pools: 0, unreadablePools: 0, workers: 0, heldPorts: 0, sealedPorts: 0, otherLockedPorts: 5 },
  });
  expect(text).toContain('0 pools, 0 workers, 0 ports held, 5 ports locked by others\n');
  expect(text).toContain('Ports that are locked by processes whose pool cannot be read\n');
  expect(text).toMatch(/ 8 {2}root .*5s {2}20001-20003, 20007 {2}node old\.js\n/);
  expect(text).toMatch(/ not known {2}root {2}not known {2}30000 .*not known {4}9 redis$/);
});

test('Nothing is said to be nothing', () => {
  const totals = {
    pools: 0,
    unreadablePools: 0,
    workers: 0,
    heldPorts: 0,
    sealedPorts: 0,
    otherLockedPorts: 0,
  };
  expect(textOf({ totals })).toBe('No pool is live, and no port is locked.');
});

const ESC = '\u001b';
const HOSTILE: readonly (readonly [kind: string, text: string])[] = [
  ['control characters and HTML', `${ESC}[2J${ESC}]0;owned\u0007<img src=x onerror=alert(1)>`],
  ['10,000 characters', 'x'.repeat(10_000)],
  ['right to left, and line breaks', '\u202eשלום עולם\r\nab\u0000c'],
  ['wide letters', '漢字'.repeat(200)],
];

describe.for(HOSTILE)('Text of others, %s,', ([, text]) => {
  const hostile = { ...ME, processId: 4711, command: text, folder: text, userName: text };
  const workers = [worker(1, [port(20_123, { label: text, listeners: [hostile] })])];
  const facts = {
    pools: [
      pool(workers, { process: hostile }),
      { isReadable: false, runner: undefined, process: hostile, problem: text } as const,
    ],
    otherLocks: [{ process: hostile, ports: [{ port: 1, listeners: [hostile] }] }],
  };

  test.for([200, 100, 70])('stays in its line of %i columns, and moves nothing', (width) => {
    const lines = formatStatus(statusOf(facts), { width });
    for (const line of lines) {
      expect(line).not.toMatch(/[\p{Cc}\u202e\u2028]/u);
      expect(widthOf(line)).toBeLessThanOrEqual(width);
    }
    expect(lines).toHaveLength(1 + 6 + 5 + 4);
  });

  test('is harmless and of bounded length in a file', () => {
    for (const line of formatStatus(statusOf(facts), { width: undefined })) {
      expect(line).not.toMatch(/[\p{Cc}\u202e\u2028]/u);
      expect(line.length).toBeLessThan(2500);
    }
  });
});

test('The totals and the last line fit into a narrow terminal, too', () => {
  const lines = formatStatus(statusOf({ showsAllLocks: false }), { width: 20 });
  for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(20);
  expect(lines.at(-1)).toMatch(/^This system .*…$/);
});

test('Of a screen only what fits is made', () => {
  const ports = Array.from({ length: 5000 }, (_, index) => port(20_000 + index));
  const pools = [pool([worker(1, ports.slice(0, 2000)), worker(2, ports.slice(2000))])];
  expect(formatStatus(statusOf({ pools }), { width: 100, maxRows: 30 })).toHaveLength(6 + 30);
  expect(formatStatus(statusOf({ pools }), { width: undefined })).toHaveLength(6 + 5000);
});

test.for<readonly [ageMs: number, text: string]>([
  [-5, '0s'],
  [0, '0s'],
  [999, '0s'],
  [59_999, '59s'],
  [60_000, '1m'],
  [133_000, '2m 13s'],
  [3_600_000, '1h'],
  [11_100_000, '3h 5m'],
  [354_600_000, '4d 2h'],
])('An age of %i ms is %s', ([ageMs, text]) => {
  expect(formatAge(ageMs)).toBe(text);
});
