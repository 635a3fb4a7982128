/** What is known of a port, read as `portslice who` shows it: on every kernel. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { expect, test } from 'vitest';
import { parsePoolHandle } from '../../src/core/pool-handle.ts';
import type { PortReport } from '../../src/report/port/port-report.ts';
import { readPorts } from '../../src/report/port/read-ports.ts';
import type { ProcessStatus } from '../../src/report/status/machine-status.ts';
import { findSchemaProblem } from '../support/check-schema.ts';
import { startPeer } from '../support/kernel-peer.ts';
import { tellsOwners } from '../support/kernel-traits.ts';
import { listen, startServer } from '../support/listening-server.ts';
import { reservePorts } from '../support/port-block.ts';
import { startPortWorker } from '../support/port-worker.ts';
import { openTestPool } from '../support/test-pool.ts';
import { until } from '../support/until.ts';

function expectProcess(found: ProcessStatus | undefined, expected: object): void {
  expect(found ?? {}).toMatchObject(tellsOwners ? expected : {});
}

function orUnknown(isOfHolder: boolean): boolean | undefined {
  return tellsOwners ? isOfHolder : undefined;
}

function readPort(port: number): PortReport {
  const report = readPorts([port]);
  expect(findSchemaProblem('who.schema.json', report)).toBeUndefined();
  expect(report.ports).toHaveLength(1);
  return report.ports[0] as PortReport;
}

const FREE = { isTaken: false, isTakenUnseen: false, listeners: [], connections: [], redirections: [] };

test('A port that nobody uses is free', async () => {
  await using block = await reservePorts(1);
  const [port] = block.ports as [number];
  const report = readPort(port);
  expect(report).toMatchObject({ port, ...FREE, place: { isServerPort: true, isEphemeral: false } });
  expect(report.holder).toBeUndefined();
  expect(report.bound ?? []).toEqual([]);
  expect(report.udp).toEqual([]);
});

test('A port of a test has its label, its worker and its run, and its server', async () => {
  await using opened = await openTestPool(8, { workers: 2 });
  await using worker = startPortWorker({ env: opened.env });
  const port = await worker.call('acquireFromSlice', 1, { label: 'cart > adds an item' });
  const before = readPort(port);
  expect(before.isTaken).toBe(true);
  expect(before.listeners).toEqual([]);
  // The hold is no stranger's socket.
  expect(before.bound ?? []).toEqual([]);
  expect(before.holder?.claim).toMatchObject({
    state: 'held',
    label: 'cart > adds an item',
    slice: 1,
    runId: parsePoolHandle(opened.pool.handle)?.runId,
  });
  expect(before.holder?.claim?.claimedAtMs).toBeLessThanOrEqual(Date.now());
  await worker.call('listen', port, '127.0.0.1');
  const { listeners, bound = [], holder } = readPort(port);
  expect(listeners).toMatchObject([{ address: '127.0.0.1' }]);
  expect(bound).toEqual([]);
  expectProcess(holder?.claim?.runProcess, { processId: process.pid });
  const owner = {
    processId: worker.pid,
    command: expect.stringContaining('port-worker.program') as string,
    folder: process.cwd(),
  };
  expectProcess(holder?.process, owner);
  expectProcess(listeners?.[0]?.processes[0], owner);
});

test('A stranger who listens on a port of a test is told from the server of the test', async () => {
  await using opened = await openTestPool(8);
  await using worker = startPortWorker({ env: opened.env });
  const port = await worker.call('claim', { label: 'meets a stranger' });
  await using stranger = await startServer(port, '127.0.0.1');
  await worker.call('listen', port, '::1');
  const byAddress = (readPort(port).listeners ?? []).map(({ address, isOfHolder }) => [address, isOfHolder]);
  expect(Object.fromEntries(byAddress)).toEqual({ '127.0.0.1': orUnknown(false), '::1': orUnknown(true) });
  await worker.call('closeServer', port);
  await stranger.stop();
  await worker.call('release', port);
});

test('A sealed port names the test that has left it', async () => {
  await using opened = await openTestPool(2);
  await using worker = startPortWorker({ env: opened.env });
  const port = await worker.call('claim', { label: 'leaves a server' });
  await worker.call('releaseSealed', port);
  const { isTaken, holder } = readPort(port);
  expect(isTaken).toBe(true);
  expect(holder?.claim).toMatchObject({ state: 'sealed', label: 'leaves a server', slice: 0 });
});

test('A port that is locked by a process without a pool that can be read is taken all the same', async () => {
  await using block = await reservePorts(1);
  const [port] = block.ports as [number];
  await using peer = await startPeer();
  await peer.kernel('takeLock', port);
  const { isTaken, holder } = readPort(port);
  expect(isTaken).toBe(true);
  expect(holder).toBeDefined();
  expect(holder?.claim).toBeUndefined();
  expectProcess(holder?.process, { processId: peer.pid });
});

test('A server that knows nothing of portslice is named by its command line and folder', async () => {
  await using block = await reservePorts(1);
  const [port] = block.ports as [number];
  await using server = await startServer(port, '::1');
  const { isTaken, listeners, holder } = readPort(port);
  expect(isTaken).toBe(true);
  expect(holder).toBeUndefined();
  expect(listeners).toMatchObject([{ address: '::1' }]);
  const command = expect.stringContaining('listening-server.program') as string;
  expectProcess(listeners?.[0]?.processes[0], { processId: server.pid, command, folder: process.cwd() });
  await server.stop();
  await until('it is gone', () => !readPort(port).isTaken);
});

test('A client whose own port it is keeps servers away; a connection of a server does not count beside it', async () => {
  await using block = await reservePorts(2);
  const [serverPort, clientPort] = block.ports as [number, number];
  await using _server = await listen({ port: serverPort, host: '127.0.0.1' });
  const client = net.connect({ port: serverPort, host: '127.0.0.1', localPort: clientPort });
  await once(client, 'connect');
  const report = readPort(clientPort);
  expect(report).toMatchObject({ isTaken: true, isTakenUnseen: false, listeners: [] });
  expect(report.connections).toMatchObject([
    { kind: 'client', state: 'connected', count: 1, peers: [{ address: '127.0.0.1', port: serverPort }] },
  ]);
  expectProcess(report.connections?.[0]?.processes[0], { processId: process.pid });
  const served = readPort(serverPort);
  expect(served.connections?.map(({ kind }) => kind) ?? []).not.toContain('client');
  client.destroy();
  await once(client, 'close');
});

test('A port that somebody has for UDP alone is free, and says so', async () => {
  await using block = await reservePorts(1);
  const [port] = block.ports as [number];
  const socket = createSocket('udp4').bind(port, '127.0.0.1');
  await once(socket, 'listening');
  const report = readPort(port);
  expect(report).toMatchObject({ port, ...FREE });
  expect(report.udp).toMatchObject([{ address: '127.0.0.1' }]);
  expectProcess(report.udp?.[0]?.processes[0], { processId: process.pid });
  socket.close();
  await once(socket, 'close');
});

test('Several ports are told of in ascending order, each once', async () => {
  await using block = await reservePorts(3);
  const [first, second, third] = block.ports as [number, number, number];
  await using _server = await listen({ port: second });
  const { ports } = readPorts([first, second, third]);
  expect(ports.map(({ port, isTaken }) => [port, isTaken])).toEqual([
    [first, false],
    [second, true],
    [third, false],
  ]);
});
