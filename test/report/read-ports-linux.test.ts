/** What is known of ports on Linux: of other users, of Docker, and where little can be seen. */
import { expect, test, type TestContext } from 'vitest';
import { formatWho } from '../../src/cli/who-text.ts';
import type { WhoReport } from '../../src/report/port/port-report.ts';
import { readPorts } from '../../src/report/port/read-ports.ts';
import { findSchemaProblem } from '../support/check-schema.ts';
import { startDockerHelper } from '../support/docker-helper.ts';
import { NOBODY, startPeer } from '../support/kernel-peer.ts';
import { listen, startServer } from '../support/listening-server.ts';
import { needRoot } from '../support/needs.ts';
import { reservePorts } from '../support/port-block.ts';
import { type Program, startProgram } from '../support/program.ts';
import { scriptOutput } from '../support/run-script.ts';
import { openTestPool } from '../support/test-pool.ts';
import { until } from '../support/until.ts';
import type { ReadingCommands } from './read-ports.program.ts';

function startReader(context: TestContext): Program<ReadingCommands> {
  needRoot(context);
  return startProgram(new URL('read-ports.program.ts', import.meta.url), { config: NOBODY });
}

function textOf(report: WhoReport): string {
  return formatWho(report, Date.now(), undefined).join('\n');
}

test('Of a run of root another user sees that it has the port, and root who it is', async (context) => {
  await using reader = startReader(context);
  // It has been root, and may not have seen then what comes now.
  await reader.call('read', 1);
  await using opened = await openTestPool(1);
  const owner = await opened.pool.slice().acquire({ label: 'of root' });
  await using server = await listen({ port: owner.port });
  const report = await reader.call('read', owner.port);
  expect(findSchemaProblem('who.schema.json', report)).toBeUndefined();
  const root = { userId: 0, userName: 'root' };
  expect(report.ports).toMatchObject([
    {
      isTaken: true,
      holder: { process: { ...root, processId: undefined } },
      listeners: [{ address: '::', processes: [root] }],
      bound: [],
    },
  ]);
  expect(report.ports[0]?.holder?.claim).toBeUndefined();
  expect(textOf(report)).toMatch(
    /taken: a process of user root has it\.[^]*listens +a process of user root, on \[::\]:\d+\n[^]*not known +whether a packet filter redirects it\n[^]*look as root, or in its container/,
  );
  expect(textOf(readPorts([owner.port]))).toMatch(
    new RegExp(`taken: 'of root' has it\\.\n  held by +pid ${process.pid} `),
  );
  await server.close();
  owner.cleanup();
});

test('Of another user’s program root sees everything, and its name', async (context) => {
  needRoot(context);
  await using block = await reservePorts(1);
  const [port] = block.ports as [number];
  await using other = await startPeer({ userId: NOBODY });
  await other.tell.listen({ port, host: '127.0.0.1' });
  expect(textOf(readPorts([port]))).toMatch(
    new RegExp(`taken: pid ${other.pid} \\(.*kernel-peer.*\\) of user nobody in .* listens on it\\.`),
  );
});

test('Of the socket of root that listens nowhere another user sees no more than that it is there', async (context) => {
  await using reader = startReader(context);
  await using block = await reservePorts(1);
  const [port] = block.ports as [number];
  await using holder = await startPeer();
  await holder.kernel('takeHold', port, { addresses: 'everywhere' });
  const { ports } = await reader.call('read', port);
  expect(ports).toMatchObject([{ isTaken: true, bound: [{ processes: [{ userId: 0 }] }] }]);
});

test('A port that Docker’s helper leads into a container is taken, whoever listens', async () => {
  await using block = await reservePorts(1);
  const [port] = block.ports as [number];
  await using helper = startDockerHelper(port);
  await until('it runs under its name', () => readPorts([port]).ports[0]?.isTaken === true);
  const report = readPorts([port]);
  expect(findSchemaProblem('who.schema.json', report)).toBeUndefined();
  expect(report.ports).toMatchObject([
    {
      listeners: [],
      redirections: [
        {
          by: 'docker-proxy',
          target: '172.17.0.2:80',
          isOfContainers: true,
          process: { processId: helper.pid },
        },
      ],
    },
  ]);
  expect(textOf(report)).toMatch(
    new RegExp(
      `led away +to 172\\.17\\.0\\.2:80 by docker-proxy, pid ${helper.pid} [^]*docker ps --filter publish=${port}`,
    ),
  );
});

test('Without the foreign function interface the servers are known, and the locks of others, but not for which test', async () => {
  await using opened = await openTestPool(1);
  const owner = await opened.pool.slice().acquire({ label: 'not known there' });
  await using block = await reservePorts(2);
  const [served, free] = block.ports as [number, number];
  await using server = await startServer(served);
  const code = `
    const { readPorts } = await import('./src/report/port/read-ports.ts');
    console.log(JSON.stringify(readPorts([${owner.port}, ${served}, ${free}])));
  `;
  const report = await scriptOutput<WhoReport>(code, { nodeOptions: ['--no-addons'] });
  expect(findSchemaProblem('who.schema.json', report)).toBeUndefined();
  const byPort = new Map(report.ports.map((each) => [each.port, each]));
  expect(byPort.get(owner.port)).toMatchObject({
    isTaken: true,
    holder: { process: { processId: process.pid } },
  });
  expect(byPort.get(owner.port)?.holder?.claim).toBeUndefined();
  expect(byPort.get(served)?.listeners).toMatchObject([{ processes: [{ processId: server.pid }] }]);
  expect(byPort.get(free)).toMatchObject({ isTaken: false });
  expect(byPort.get(free)?.bound).toBeUndefined();
  owner.cleanup();
});
