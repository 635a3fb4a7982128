import { describe, expect, test } from 'vitest';
import { formatWho } from '../../src/cli/who-text.ts';
import { findForwarders } from '../../src/report/port/container-forwarders.ts';
import type { ListenerReport, PortHolderReport, PortReport } from '../../src/report/port/port-report.ts';

const NOW_MS = 1_000_000_000;
const own = { userId: process.getuid?.(), userName: 'me' };
const server = { ...own, processId: 42, command: 'node server.js', folder: '/home/me/shop' };
const worker = { ...own, processId: 41, command: 'node worker.js', folder: '/home/me/shop' };
const runner = { ...own, processId: 40, command: 'playwright test', folder: '/home/me/shop' };
const hidden = { userId: 7, userName: 'seven' };

const FREE: PortReport = {
  port: 20_123,
  isTaken: false,
  place: {
    isServerPort: true,
    isEphemeral: false,
    isPrivileged: false,
    isRefusedByBrowsers: false,
    isExcludedBySystem: false,
    isExcludedByUser: false,
    isLeftOutBy: undefined,
  },
  holder: undefined,
  listeners: [],
  bound: [],
  connections: [],
  udp: [],
  redirections: [],
  seesRedirectionRules: true,
  isTakenUnseen: false,
};
const TAKEN: PortReport = { ...FREE, isTaken: true };
const NO_SERVER_PORT = { ...FREE.place, isServerPort: false };

function socket(address: string, ...processes: ListenerReport['processes']): ListenerReport {
  return { address, peer: undefined, processes, isOfHolder: undefined };
}

function heldBy(process: PortHolderReport['process'], changes: object = {}): PortHolderReport {
  return {
    process,
    claim: {
      state: 'held',
      label: 'cart.spec.ts > adds an item',
      slice: 2,
      claimedAtMs: NOW_MS - 13_000,
      runId: '0'.repeat(32),
      runProcess: runner,
      ...changes,
    },
  };
}

function format(...ports: readonly PortReport[]): string {
  const ephemeralRange = { firstPort: 32_768, lastPort: 60_999 };
  return formatWho({ version: 1, ephemeralRange, ports }, NOW_MS, undefined).join('\n');
}

describe('a port', () => {
  test('of a test has the test in its heading, then its process, run and server, and what to do', () => {
    expect(
      format({
        ...TAKEN,
        holder: heldBy(worker),
        listeners: [socket('::', server), socket('127.0.0.1', server)],
      }),
    ).toBe(`Port 20123 is taken: 'cart.spec.ts > adds an item' has it.
  held by      pid 41 (node worker.js) in /home/me/shop, for 13s
  run          pid 40 (playwright test) in /home/me/shop, worker 2
  listens      pid 42 (node server.js) in /home/me/shop, on [::]:20123 and 127.0.0.1:20123
  server port  yes, tests may be given it
  what to do   It is given back when its test ends. To have it at once, stop pid 41; for another server, take another port.`);
  });

  test.each<[string, Partial<PortReport>, RegExp]>([
    [
      'of a script has no run besides',
      { holder: heldBy(worker, { slice: 0, runProcess: worker }) },
      /held by +pid 41 .*\n  server port[^]*what to do +It is given back when pid 41 ends, if not before\. To have it at once, stop pid 41/,
    ],
    [
      'whose label has quotes is told in others',
      { holder: heldBy(worker, { label: "run port 'web'" }) },
      /taken: "run port 'web'" has it\./,
    ],
    [
      'that two processes have',
      { listeners: [socket('::', server, worker)] },
      /taken: pid 42 .* and pid 41 .* listen on it\./,
    ],
    [
      'of a process that a test has started is of none of the workers',
      { holder: heldBy(worker, { slice: 0 }) },
      /run +pid 40 \(playwright test\) in \S+, of none of its workers\n/,
    ],
    [
      'of nobody’s label names the process',
      { holder: heldBy(worker, { label: '' }) },
      /taken: pid 41 \(node worker\.js\) in \S+ has it\./,
    ],
    [
      'that is sealed with a server names both',
      {
        holder: heldBy(worker, { state: 'sealed' }),
        listeners: [{ ...socket('::', server), isOfHolder: false }],
      },
      /sealed after 'cart[^]*what to do +The test has ended, but pid 42 still listens: stop it/,
    ],
    [
      'that is sealed without one says how long',
      { holder: heldBy(worker, { state: 'sealed' }) },
      /stays out of use until pid 41 ends, or no other port is free/,
    ],
    [
      'on which somebody else listens says so first',
      { holder: heldBy(worker), listeners: [{ ...socket('::', server), isOfHolder: false }] },
      /what to do +pid 42 was not started by pid 41: if it is no server of the test, stop it\.\n +It is given back/,
    ],
    [
      'of a pool that cannot be read says so much',
      { holder: { process: worker, claim: undefined } },
      /held by +pid 41 .*, through portslice/,
    ],
    [
      'of another user says who, and how to see more',
      { holder: { process: hidden, claim: undefined } },
      /taken: a process of user seven has it\.[^]*look as root, or in its container/,
    ],
    [
      'of a server asks to stop it',
      { listeners: [socket('::', server)] },
      /taken: pid 42 \(node server\.js\) in \S+ listens on it\.[^]*Stop pid 42, or take another port\./,
    ],
    [
      'of a server that is hidden asks to look as root',
      { listeners: [socket('::', hidden)] },
      /a process of user seven listens on it\.[^]*look as root or administrator/,
    ],
    [
      'that is only bound',
      { bound: [socket('0.0.0.0', server)] },
      /has bound it, and does not listen\.[^]*bound +pid 42 .*on 0\.0\.0\.0:20123[^]*pid 42 may be about to listen/,
    ],
    [
      'of a client',
      {
        connections: [
          {
            kind: 'client',
            state: 'connected',
            count: 7,
            peers: [
              { address: '::1', port: 5432 },
              { address: '10.0.0.1', port: 5432 },
            ],
            processes: [server],
          },
        ],
      },
      /is connected from it, as a client\.[^]*client +pid 42 .*, 7 connections to \[::1\]:5432, 10\.0\.0\.1:5432 and 5 more \(connected\)[^]*until the connection of pid 42 ends: take another port/,
    ],
    [
      'that Docker leads into a container',
      {
        redirections: [
          {
            by: 'docker-proxy',
            isOfContainers: true,
            target: '172.17.0.2:80',
            process: { ...hidden, processId: 9 },
          },
        ],
      },
      /connections to it are led elsewhere\.[^]*led away +to 172\.17\.0\.2:80 by docker-proxy, pid 9 of user seven[^]*docker ps --filter publish=20123/,
    ],
    [
      'that a rule leads elsewhere',
      { redirections: [{ by: 'nftables', isOfContainers: false, target: undefined, process: undefined }] },
      /led away +elsewhere by a rule of nftables[^]*delete the rule/,
    ],
    [
      'that something unseen has',
      { isTakenUnseen: true },
      /it cannot be bound, and this system does not show why\.[^]*look again as root/,
    ],
  ])('%s', (_what, changes, expected) => {
    expect(format({ ...TAKEN, ...changes })).toMatch(expected);
  });

  test.each<[string, Partial<PortReport>, RegExp]>([
    [
      'in TIME_WAIT says who can listen',
      {
        connections: [
          {
            kind: 'lingering',
            state: 'time-wait',
            count: 2,
            peers: [
              { address: '127.0.0.1', port: 50_001 },
              { address: '::ffff:7f00:1', port: 50_002 },
            ],
            processes: [],
          },
        ],
      },
      /^Port 20123 is free\.[^]*lingers +2 connections that its process has closed \(TIME_WAIT\), with 127\.0\.0\.1:50001 and \[::ffff:127\.0\.0\.1\]:50002[^]*sets SO_REUSEADDR, as Node and most others do, can listen now; others in 60 s at most\./,
    ],
    [
      'that somebody has for UDP',
      { udp: [socket('127.0.0.1', server)] },
      /is free for TCP\.[^]*UDP +pid 42 .*on 127\.0\.0\.1:20123/,
    ],
    [
      'in the ephemeral range',
      { place: { ...NO_SERVER_PORT, isEphemeral: true } },
      /no, it lies in the ephemeral range 32768-60999[^]*Take a port outside of the ephemeral range \(32768-60999\)/,
    ],
    [
      'that browsers refuse',
      { place: { ...NO_SERVER_PORT, isRefusedByBrowsers: true } },
      /no, browsers and fetch refuse[^]*Take another port for what browsers/,
    ],
    [
      'that the system excludes',
      { place: { ...NO_SERVER_PORT, isExcludedBySystem: true } },
      /the operating system excludes it[^]*lets nobody bind it/,
    ],
    [
      'that the user excludes',
      { place: { ...NO_SERVER_PORT, isExcludedByUser: true } },
      /no, PORTSLICE_EXCLUDED_PORTS excludes it/,
    ],
    [
      'that the spec leaves out',
      { place: { ...NO_SERVER_PORT, isLeftOutBy: 'PORTSLICE_PORTS' } },
      /no, PORTSLICE_PORTS does not name it/,
    ],
    [
      'that the spec names though it is ephemeral',
      { place: { ...FREE.place, isEphemeral: true } },
      /server port +yes, but it lies in the ephemeral range/,
    ],
    [
      'of which little is known says what is not',
      { listeners: undefined, bound: undefined, udp: undefined, seesRedirectionRules: false },
      /not known +who listens, who has bound it without listening, who has it for UDP and whether a packet filter redirects it/,
    ],
  ])('that is free, %s', (_what, changes, expected) => {
    expect(format({ ...FREE, ...changes })).toMatch(expected);
  });

  test('of which there is nothing to say has few lines', () => {
    expect(format(FREE)).toBe('Port 20123 is free.\n  server port  yes, tests may be given it');
  });
});

test('Ports that are free alike are told of together, those that are taken one by one', () => {
  const free = [20_000, 20_001, 20_003].map((port) => ({ ...FREE, port }));
  const taken = [20_002, 20_004].map((port) => ({ ...TAKEN, port, listeners: [socket('::', server)] }));
  const headings = format(...free, ...taken)
    .split('\n')
    .filter((line) => line.startsWith('Port'))
    .map((line) => line.slice(0, 32));
  expect(headings).toEqual([
    'Ports 20000-20001, 20003 are fre',
    'Port 20002 is taken: pid 42 (nod',
    'Port 20004 is taken: pid 42 (nod',
  ]);
});

test('On a terminal no line is longer than it, and what belongs to a fact stays below it', () => {
  const report = { ...TAKEN, holder: heldBy(worker), listeners: [socket('::', server)] };
  const lines = formatWho({ version: 1, ephemeralRange: undefined, ports: [report] }, NOW_MS, 60);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(60);
  const narrow = formatWho({ version: 1, ephemeralRange: undefined, ports: [report] }, NOW_MS, 40);
  expect(narrow.slice(0, 3)).toEqual([
    "Port 20123 is taken: 'cart.spec.ts >",
    "  adds an item' has it.",
    '  held by      pid 41 (node worker.js)',
  ]);
  expect(lines.slice(0, 4)).toEqual([
    "Port 20123 is taken: 'cart.spec.ts > adds an item' has it.",
    '  held by      pid 41 (node worker.js) in /home/me/shop, for',
    '               13s',
    '  run          pid 40 (playwright test) in /home/me/shop,',
  ]);
});

test('Labels, command lines, folders and names are harmless, each in its line', () => {
  const hostile = `\u001b[2J\u001b]0;title\u0007<b>\r\n\u202e${'x'.repeat(10_000)}\u0000`;
  const rogue = { processId: 42, command: hostile, folder: hostile, userId: 7, userName: hostile };
  const text = format({
    ...TAKEN,
    holder: heldBy(rogue, { label: hostile, runProcess: rogue }),
    listeners: [socket('::', rogue)],
    redirections: [{ by: 'docker-proxy', isOfContainers: true, target: hostile, process: rogue }],
  });
  expect(text).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
  expect(text.split('\n')).toHaveLength(8);
  expect(text).toContain('<b>');
  expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThan(10_000);
});

test.each([
  ['/Applications/Docker.app/Contents/MacOS/com.docker.backend services', 'com.docker.backend'],
  ['"C:\\Program Files\\Docker\\com.docker.backend.exe" run', 'com.docker.backend'],
  ['rootlessport', 'rootlessport'],
  ['/usr/bin/pasta.avx2 --config-net', 'pasta.avx2'],
])('A program that leads ports into containers is known by its name: %s', (command, by) => {
  expect(findForwarders([socket('::', { processId: 1, command })])).toMatchObject([
    { by, isOfContainers: true },
  ]);
});

test('A program that only has such a name in its arguments leads nowhere', () => {
  for (const command of ['node pasta.js', 'node /home/me/pasta', 'cat rootlessport.txt', undefined])
    expect(findForwarders([socket('::', { processId: 1, command })])).toEqual([]);
});
