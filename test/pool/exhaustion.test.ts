/** PortPoolExhaustedError: the message is all that a user has, so it names who has the ports. */
import { describe, expect, test } from 'vitest';
import { PortPoolExhaustedError, TCPPortOwner } from '../../src/index.ts';
import { errorOf } from '../support/catch-error.ts';
import { listen, startServer } from '../support/listening-server.ts';
import { needProgram } from '../support/needs.ts';
import { startPortWorker } from '../support/port-worker.ts';
import { startStranger } from '../support/stranger.ts';
import { openTestPool } from '../support/test-pool.ts';
import { collectWarnings } from '../support/warnings.ts';

const claim = () => new TCPPortOwner();
const claimTwo = () => TCPPortOwner.acquireMany(2, { acquireTimeoutMs: 30 });

test('the message lists the holders with port, process, age and label, the oldest first', async () => {
  await using opened = await openTestPool(3);
  await using worker = startPortWorker({ env: opened.env });
  const theirs = await worker.call('claim', { label: 'shop › pays by card' });
  using ours = new TCPPortOwner({ label: 'cart › is empty' });
  using unnamed = new TCPPortOwner();
  const error = await errorOf(PortPoolExhaustedError, claim);
  expect(error.facts).toMatchObject({ wantedPortCount: 1, poolPortCount: 3, waitedMs: 0 });
  expect(error.facts.holders).toHaveLength(3);
  const [first, ...rest] = error.message.split('\n');
  expect(first).toBe(
    'No port is free in the pool of 3: 3 held in this run, 0 sealed, 0 locked by other runs, ' +
      "0 listened on by strangers, 0 with leftovers of earlier servers or other programs' sockets.",
  );
  const age = String.raw`for \d+\.\d s`;
  expect(rest[0]).toMatch(
    new RegExp(`^  ${theirs} held by pid ${worker.pid} ${age}: 'shop › pays by card'$`),
  );
  expect(rest[1]).toMatch(
    new RegExp(`^  ${ours.port} held by pid ${process.pid} ${age}: 'cart › is empty'$`),
  );
  expect(rest[2]).toMatch(new RegExp(`^  ${unnamed.port} held by pid ${process.pid} ${age}: no label$`));
  expect(rest[3]).toMatch(/PORTSLICE_PORTS.*acquireTimeoutMs/);
  const ages = error.facts.holders.map(({ ageMs }) => ageMs);
  expect(ages).toEqual(ages.toSorted((a, b) => b - a));
  expect(ages.every((ageMs) => ageMs >= 0 && ageMs < 60_000)).toBe(true);
});

test('the ports of other runs, of strangers and of seals are counted apart', async () => {
  await using opened = await openTestPool(6);
  const [lockedA, lockedB, listened] = opened.ports as [number, number, number];
  await using otherRun = startPortWorker({ env: { PORTSLICE_PORTS: `${lockedA},${lockedB}` } });
  await otherRun.call('claimAll');
  await using _stranger = await listen({ port: listened });
  using warnings = collectWarnings();
  const leaking = new TCPPortOwner({ label: 'leaks' });
  await using _leak = await listen({ port: leaking.port });
  leaking.cleanup();
  using _held = new TCPPortOwner();
  using _held2 = new TCPPortOwner();
  const error = await errorOf(PortPoolExhaustedError, claim);
  expect(error.facts).toMatchObject({ lockedByOtherRuns: 2, listenedOnByStrangers: 1, sealedPortCount: 1 });
  expect(error.message).toContain(
    '2 held in this run, 1 sealed, 2 locked by other runs, 1 listened on by strangers',
  );
  expect(error.message).toMatch(
    new RegExp(`  ${leaking.port} sealed by pid ${process.pid} for .* s: 'leaks'`),
  );
  expect(await warnings.withCode('PORTSLICE_LEAK')).toHaveLength(1);
});

test('each port is counted once, however many slices and looks there are', async () => {
  await using opened = await openTestPool(5, { workers: 2 });
  const [ours, theirs, listened] = [opened.ports.slice(0, 1), opened.ports.slice(1, 4), opened.ports.at(-1)];
  await using otherRun = startPortWorker({ env: { PORTSLICE_PORTS: theirs.join(',') } });
  expect(await otherRun.call('claimAll')).toHaveLength(3);
  await using _stranger = await listen({ port: listened });
  const counts = { lockedByOtherRuns: 3, listenedOnByStrangers: 1, poolPortCount: 5 };
  expect((await errorOf(PortPoolExhaustedError, claimTwo)).facts).toMatchObject({ ...counts, holders: [] });
  using owner = new TCPPortOwner();
  expect([owner.port]).toEqual(ours);
  for (const act of [claim, () => opened.pool.slice(2).acquire({ acquireTimeoutMs: 0 })]) {
    expect((await errorOf(PortPoolExhaustedError, act)).facts).toMatchObject(counts);
  }
});

test('the ports that another run has locked are named with their process', async () => {
  await using opened = await openTestPool(2);
  await using otherRun = startPortWorker({ env: { PORTSLICE_PORTS: opened.spec } });
  await otherRun.call('claimAll', { label: 'the other checkout' });
  const error = await errorOf(PortPoolExhaustedError, claim);
  const { pid: processId } = otherRun;
  const label = 'the other checkout';
  expect(error.facts.foreignHolders).toMatchObject(opened.ports.map((port) => ({ port, processId, label })));
  for (const port of opened.ports)
    expect(error.message).toMatch(
      new RegExp(`^  ${port} locked by pid ${processId} \\(.*port-worker.*\\): '${label}'$`, 'm'),
    );
});

test('the ports on which strangers listen are named with their process, a few of many', async (context) => {
  await using opened = await openTestPool(8);
  const [first, ...others] = opened.ports as [number, ...number[]];
  await using server = await startServer(first);
  await using stranger = startStranger(needProgram(context, 'python3'));
  expect(await stranger.listenOn(others)).toBe(others.length);
  const error = await errorOf(PortPoolExhaustedError, claim);
  expect(error.facts).toMatchObject({ listenedOnByStrangers: 8, strictlyRefused: 0, leftPorts: [] });
  // As many as could be looked up in a moment, the first in any case.
  const { strangers } = error.facts;
  expect(strangers.length).toBeLessThanOrEqual(5);
  expect(strangers.map(({ port }) => port)).toEqual(opened.ports.slice(0, Math.max(1, strangers.length)));
  expect(strangers[0]).toMatchObject({ processId: server.pid });
  for (const { command } of strangers.slice(1)) expect(command).toContain('stranger.program.py');
  const [, line, ...lines] = error.message.split('\n');
  expect(line).toMatch(
    new RegExp(`^  ${first} listened on by pid ${server.pid} \\(.*listening-server.program.ts ${first}\\)$`),
  );
  expect(lines.at(-2)).toBe(`  and ${8 - strangers.length} more`);
  expect(lines.at(-1)).toMatch(/^Stop the processes that listen on ports of the pool\. Release/);
});

test('a port that nobody listens on and the kernel refuses is named with what is known of it', async (context) => {
  await using opened = await openTestPool(2);
  const [bound, listened] = opened.ports as [number, number];
  await using _own = await listen({ port: listened });
  await using stranger = startStranger(needProgram(context, 'python3'));
  expect(await stranger.bindStrictly([bound])).toBe(1);
  const { facts, message } = await errorOf(PortPoolExhaustedError, claim);
  expect(facts).toMatchObject({
    strangers: [{ port: listened, processId: process.pid }],
    strictlyRefused: 1,
  });
  expect(facts.leftPorts).toEqual([{ port: bound, isInTimeWait: false }]);
  expect(message).toContain(`  ${listened} listened on by this process itself, pid ${process.pid} (`);
  expect(message).toContain(
    `  ${bound} cannot be bound, though nobody listens on it: a connection or a program that does not listen has it\n`,
  );
  const inTimeWait = { ...facts, leftPorts: [{ port: bound, isInTimeWait: true }] };
  expect(new PortPoolExhaustedError(inTimeWait).message).toContain(
    `  ${bound} cannot be bound, though nobody listens on it: an earlier server has left connections (TIME_WAIT), for up to 60 s\n`,
  );
});

test('a port that another process has sealed is listed with that process', async () => {
  await using opened = await openTestPool(1);
  await using worker = startPortWorker({ env: opened.env });
  await worker.call('releaseSealed', await worker.call('claim', { label: 'timed out' }));
  const error = await errorOf(PortPoolExhaustedError, claim);
  expect(error.facts).toMatchObject({
    sealedPortCount: 1,
    holders: [{ processId: worker.pid, sealed: true }],
  });
  expect(error.message).toContain('0 held in this run, 1 sealed');
});

describe('of many holders', () => {
  test('the first fifty are shown and the rest is counted', async () => {
    await using opened = await openTestPool(40);
    const owners = await TCPPortOwner.acquireMany(40);
    const { facts } = await errorOf(PortPoolExhaustedError, claim);
    const many = [...facts.holders, ...facts.holders.slice(0, 12)];
    const lines = new PortPoolExhaustedError({ ...facts, holders: many }).message.split('\n');
    expect(lines).toHaveLength(1 + 50 + 1 + 1);
    expect(lines[51]).toBe('  and 2 more');
    const foreignHolders = Array.from({ length: 51 }, (_, index) => ({ port: 30_000 + index }));
    const counts = { foreignHolders, lockedByOtherRuns: 51, strictlyRefused: 3 };
    const { message } = new PortPoolExhaustedError({ ...facts, ...counts, holders: [] });
    expect(message).toContain('51 locked by other runs');
    expect(message).toContain("3 with leftovers of earlier servers or other programs' sockets");
    expect(message.split('\n')[50]).toBe('  30049 locked by a process that cannot be seen from here');
    expect(message.split('\n')[51]).toBe('  and 1 more');
    for (const owner of owners) owner.cleanup();
    expect(opened.pool.stats().currentlyAllocatedPorts).toBe(0);
  });
});

test('the ages are those of the last claim, not of the port', async () => {
  await using opened = await openTestPool(1);
  new TCPPortOwner({ label: 'first' }).cleanup();
  using _owner = new TCPPortOwner({ label: 'second' });
  const error = await errorOf(PortPoolExhaustedError, claim);
  const [record] = opened.pool.snapshot();
  expect(error.facts.holders).toMatchObject([{ label: 'second', processId: process.pid }]);
  const age = error.facts.holders[0]?.ageMs ?? Number.NaN;
  expect(age).toBeLessThanOrEqual(Date.now() - (record?.claimedAtMs ?? 0) + 5);
});
