/**
 * DESIGN.md, guarantee 1: no two live owners have the same port number, in any process, run, user or container that shares
 * the network namespace. Here: processes of two users and of three process namespaces at once over a few ports, judged by
 * the log that their servers write; two network namespaces, which must not know of each other; and programs that sit on the
 * names of the locks or on the ports, which may slow portslice down, but neither break nor block it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { portIsInUse, PortPoolExhaustedError, TCPPortOwner } from '../../src/index.ts';
import { lockName } from '../../src/platform/linux/lock.ts';
import type { StormEvent } from '../contention/protocol.ts';
import { type Member, SOURCE, Storm, type StormOptions } from '../contention/storm.ts';
import { FLAWLESS, judge } from '../contention/verdict.ts';
import type { WorkerResult } from '../contention/worker.program.ts';
import { errorOf } from '../support/catch-error.ts';
import { NOBODY } from '../support/kernel-peer.ts';
import { needNamespace, needProgram, needRoot } from '../support/needs.ts';
import { reservePorts } from '../support/port-block.ts';
import { startPortWorker } from '../support/port-worker.ts';
import { scriptOutput } from '../support/run-script.ts';
import { startStranger, type Stranger } from '../support/stranger.ts';
import { openTestPool, portsForAnotherRun } from '../support/test-pool.ts';
import { until } from '../support/until.ts';
import { repetitions, soakTimeoutMs } from './scale.ts';

const TIMEOUT_MS = soakTimeoutMs(240_000, 1_800_000);

/** Processes of different kinds that all want ports out of the same few, and serve on them only briefly. */
const CROWD = {
  allocator: { kind: 'portslice', source: SOURCE, waits: true },
  maxDelayMs: 3,
  acquireTimeoutMs: 100_000,
} as const satisfies StormOptions;

/** All rounds of all members. Everything is given back by them, not by their end. */
async function rage(storm: Storm): Promise<WorkerResult[]> {
  const results = await storm.rage();
  for (const { socketsBefore, socketsAfter } of results) expect(socketsAfter).toBe(socketsBefore);
  return results;
}

describe('users and process namespaces in one network namespace', { timeout: TIMEOUT_MS }, () => {
  test('never share a port and lose no server, in one pool as far as they can reach it', async (context) => {
    needRoot(context);
    const unshare = needProgram(context, 'unshare');
    await using opened = await openTestPool(10, { workers: 8, restMs: 0 });
    const env = { ...opened.env, PORTSLICE_PORTS: opened.spec };
    const inside = [unshare, '--pid', '--fork', '--kill-child'];
    const kinds: readonly (Member & { name: string; canAttach: boolean })[] = [
      { name: 'here', env, canAttach: true },
      { name: 'another user', env, userId: NOBODY, canAttach: false },
      { name: 'inside', env, wrapper: [...inside, '--mount-proc'], canAttach: false },
      { name: 'inside with the outer proc', env, wrapper: inside, canAttach: true },
    ];
    const members = [...kinds, ...kinds];
    await using storm = await Storm.gather({
      ...CROWD,
      members,
      slots: 3,
      roundsPerSlot: repetitions(12, 400),
    });

    const results = await rage(storm);

    const planned = storm.plannedRounds;
    expect(storm.verdict()).toMatchObject({ ...FLAWLESS, allocations: planned, completeRounds: planned });
    // They did meet: there are more pairs of a kind and a port than ports.
    const uses = storm.events().filter((event) => event.kind === 'allocated');
    const pairs = new Set(uses.map(({ worker, port }) => `${worker % kinds.length} ${port}`));
    expect(pairs.size).toBeGreaterThan(opened.ports.length);
    for (const [index, { warnings, processId }] of results.entries()) {
      const { name, canAttach, wrapper } = members[index] as (typeof members)[number];
      // Only who can open the pool's memory uses it; the others say so, once, and use the same ports all the same.
      expect(warnings, `warnings of ${name}`).toEqual(canAttach ? [] : ['PORTSLICE_POOL_UNUSABLE']);
      expect(processId < 10, `${name} is process ${processId}`).toBe(wrapper !== undefined);
    }
    // The shared pool counts what its members had.
    expect(opened.pool.stats()).toMatchObject({
      lifetimeTotalAllocatedPorts: planned / 2,
      currentlyAllocatedPorts: 0,
      leaks: 0,
    });
    opened.pool.close();
    expect(await portsForAnotherRun(opened.spec)).toEqual(opened.ports);
    console.log(`${planned} rounds of ${members.length} processes, 0 overlaps`);
  });

  test('get back what one inside had when it is killed, though its numbers are those of others out here', async (context) => {
    needRoot(context);
    const wrapper = [needProgram(context, 'unshare'), '--pid', '--fork', '--kill-child'];
    await using opened = await openTestPool(6, { restMs: 0 });
    for (let round = 0; round < repetitions(1, 15); round++) {
      await using inside = startPortWorker({ env: opened.env, wrapper });
      expect(await inside.call('claimAll')).toHaveLength(6);
      // In there it is process 1, which out here lives for ever.
      expect(opened.pool.snapshot().every(({ processId }) => processId === 1)).toBe(true);
      await errorOf(PortPoolExhaustedError, () => new TCPPortOwner());
      await inside.kill();
      // What was killed is the wrapper: the process inside ends with it, a moment later.
      await until('nothing is locked', () => !opened.ports.some((port) => portIsInUse(port)));
      await using here = startPortWorker({ env: opened.env });
      const port = await here.call('acquire');
      const others = await here.call('claimAll');
      expect([port, ...others].toSorted((a, b) => a - b)).toEqual(opened.ports);
    }
  });
});

describe('two network namespaces', { timeout: TIMEOUT_MS }, () => {
  test('have the same ports at the same time, with servers on both sides, under load', async (context) => {
    const wrapper = needNamespace(context);
    const rounds = repetitions(20, 400);
    const meeting = mkdtempSync(path.join(tmpdir(), 'portslice-meeting-'));
    onTestFinished(() => rmSync(meeting, { recursive: true }));
    const rageThere = async (): Promise<{ results: WorkerResult[]; events: StormEvent[] }> =>
      scriptOutput(
        `import { readdirSync, writeFileSync } from 'node:fs';
         import { Storm } from './test/contention/storm.ts';
         import { until } from './test/support/until.ts';
         const env = { PORTSLICE_PORTS: '20000-20007' };
         const crowd = ${JSON.stringify({ ...CROWD, slots: 3, roundsPerSlot: rounds })};
         await using storm = await Storm.gather({ ...crowd, members: [{ env }, { env }] });
         writeFileSync(process.env.MEETING + '/' + process.pid, '');
         await until('the other side is there', () => readdirSync(process.env.MEETING).length === 2);
         const results = await storm.rage();
         console.log(JSON.stringify({ results, events: storm.events() }));`,
        { wrapper, env: { MEETING: meeting } },
      );

    const sides = await Promise.all([rageThere(), rageThere()]);

    for (const { events } of sides)
      expect(judge(events)).toMatchObject({ ...FLAWLESS, completeRounds: 2 * 3 * rounds });
    // Taken together, ports were owned and served on twice at the same time: neither side waited for the other.
    const named = sides.flatMap(({ events }, side) =>
      events.map((event) => ({ ...event, use: `${side}: ${event.use}`, detail: `${side}: ${event.detail}` })),
    );
    const both = judge(named);
    expect(both.sharedPorts.length).toBeGreaterThan(0);
    expect(both.sharedServers.length).toBeGreaterThan(0);
    expect(both.wrongAnswers).toEqual([]);
    console.log(`${2 * 2 * 3 * rounds} rounds, ${both.sharedPorts.length} ports owned on both sides at once`);
  });

  test("do not take each other's handles, but can have the same ports", async (context) => {
    await using opened = await openTestPool(3);
    await using there = startPortWorker({
      env: { ...opened.env, PORTSLICE_PORTS: opened.spec },
      wrapper: needNamespace(context),
    });
    const mine = opened.ports.map(() => new TCPPortOwner());
    await expect(there.call('attach', opened.pool.handle)).rejects.toMatchObject({
      code: 'PORTSLICE_POOL_FOREIGN',
      facts: { isOurs: true },
    });
    expect((await there.call('claimAll')).toSorted((a, b) => a - b)).toEqual(opened.ports);
    expect(await there.call('warnings')).toEqual([
      {
        code: 'PORTSLICE_POOL_UNUSABLE',
        message: expect.stringContaining('uses a private pool') as string,
      },
    ]);
    // Nothing of it shows on this side.
    expect(opened.pool.stats()).toMatchObject({ currentlyAllocatedPorts: 3, lifetimeTotalAllocatedPorts: 3 });
    for (const owner of mine) owner.cleanup();
    using again = new TCPPortOwner();
    expect(opened.ports).toContain(again.port);
  });
});

describe('a squatter', { timeout: TIMEOUT_MS }, () => {
  const PORT_COUNT = 40;
  const FREE_COUNT = 4;

  const ways = [
    { has: 'the locks', counted: 'lockedByOtherRuns', other: 'listenedOnByStrangers' },
    { has: 'strict binds', counted: 'strictlyRefused', other: 'listenedOnByStrangers' },
    { has: 'listeners', counted: 'listenedOnByStrangers', other: 'lockedByOtherRuns' },
  ] as const;
  const take = {
    'the locks': (squatter: Stranger, ports: readonly number[]) => squatter.takeNames(ports.map(lockName)),
    'strict binds': (squatter: Stranger, ports: readonly number[]) => squatter.bindStrictly(ports),
    listeners: (squatter: Stranger, ports: readonly number[]) => squatter.listenOn(ports),
  };

  test.for(ways)(
    'that has $has of 90 % of the ports leaves the rest usable under load, and all of them after its end',
    async ({ has, counted, other }, context) => {
      await using opened = await openTestPool(PORT_COUNT, { workers: 3, restMs: 0 });
      await using squatter = startStranger(needProgram(context, 'python3'));
      const free = opened.ports.slice(0, FREE_COUNT);
      const squatted = opened.ports.slice(FREE_COUNT);
      expect(await take[has](squatter, squatted)).toBe(squatted.length);

      const { env } = opened;
      const members = [{ env }, { env }, { env: { PORTSLICE_PORTS: opened.spec } }];
      const roundsPerSlot = repetitions(12, 300);
      await using storm = await Storm.gather({ ...CROWD, members, slots: 2, roundsPerSlot });
      await rage(storm);

      expect(storm.verdict()).toMatchObject({ ...FLAWLESS, completeRounds: storm.plannedRounds });
      const used = storm.events().map((event) => event.port);
      expect([...new Set(used)].toSorted((a, b) => a - b)).toEqual(free);

      const owners = free.map(() => new TCPPortOwner());
      expect(owners.map(({ port }) => port).toSorted((a, b) => a - b)).toEqual(free);
      const exhausted = {
        poolPortCount: PORT_COUNT,
        [counted]: squatted.length,
        [other]: 0,
        sealedPortCount: 0,
      };
      for (const act of [() => new TCPPortOwner(), () => TCPPortOwner.acquire({ acquireTimeoutMs: 50 })]) {
        const error = await errorOf(PortPoolExhaustedError, act);
        expect(error.facts).toMatchObject(exhausted);
        expect(error.facts.holders.map(({ port }) => port).toSorted((a, b) => a - b)).toEqual(free);
      }

      const { waits } = opened.pool.stats();
      const waiting = TCPPortOwner.acquire();
      await until('it waits', () => opened.pool.stats().waits > waits);
      await squatter.stop();
      owners.push(await waiting);
      while (owners.length < PORT_COUNT) owners.push(new TCPPortOwner());
      expect(owners.map(({ port }) => port).toSorted((a, b) => a - b)).toEqual(opened.ports);
    },
  );

  test('of another user that has everything is an exhausted pool, with its ways counted apart', async (context) => {
    needRoot(context);
    await using opened = await openTestPool(PORT_COUNT);
    await using squatter = startStranger(needProgram(context, 'python3'), NOBODY);
    expect(await squatter.takeNames(opened.ports.slice(0, 14).map(lockName))).toBe(14);
    expect(await squatter.bindStrictly(opened.ports.slice(14, 27))).toBe(13);
    expect(await squatter.listenOn(opened.ports.slice(27))).toBe(13);
    for (const act of [() => new TCPPortOwner(), () => TCPPortOwner.acquire({ acquireTimeoutMs: 200 })]) {
      const error = await errorOf(PortPoolExhaustedError, act);
      expect(error.facts).toMatchObject({
        lockedByOtherRuns: 14,
        listenedOnByStrangers: 13,
        strictlyRefused: 13,
        holders: [],
      });
      expect(error.message).toContain(
        '14 locked by other runs, 13 listened on by strangers, 13 with leftovers',
      );
    }
    await squatter.stop();
    const owners = opened.ports.map(() => new TCPPortOwner());
    expect(owners.map(({ port }) => port).toSorted((a, b) => a - b)).toEqual(opened.ports);
  });

  test('on every other name that portslice binds keeps no pool from working', async (context) => {
    await using block = await reservePorts(4);
    await using squatter = startStranger(needProgram(context, 'python3'));
    await using creator = startPortWorker();
    const beacons = Array.from(
      { length: 256 },
      (_, descriptor) => `portslice/pool/${creator.pid}/${descriptor}`,
    );
    expect(await squatter.takeNames([...beacons, `portslice/orphans/${creator.pid}`])).toBe(257);
    const handle = await creator.call('createPool', { ports: block.spec });
    await using worker = startPortWorker({ env: { PORTSLICE_POOL: handle } });
    expect((await worker.call('claimAll')).toSorted((a, b) => a - b)).toEqual(block.ports);
  });

  test('that takes ports and locks at random all the time only slows things down', async (context) => {
    const python = needProgram(context, 'python3');
    await using opened = await openTestPool(PORT_COUNT, { workers: 3, restMs: 0 });
    await using squatter = startStranger(python);
    await using another = startStranger(python);
    const names = opened.ports.map(lockName);
    const stops = [await squatter.churn(names, opened.ports), await another.churn(names, opened.ports)];
    const { env } = opened;
    const members = [{ env }, { env }, { env: { PORTSLICE_PORTS: opened.spec } }];
    const roundsPerSlot = repetitions(25, 800);
    await using storm = await Storm.gather({ ...CROWD, members, slots: 3, roundsPerSlot });

    await rage(storm);

    expect(storm.verdict()).toMatchObject({ ...FLAWLESS, completeRounds: storm.plannedRounds });
    const squats = await Promise.all(stops.map(async (stop) => stop()));
    for (const taken of squats) expect(Math.min(taken.names, taken.ports)).toBeGreaterThan(20);
    await squatter.stop();
    await another.stop();
    opened.pool.close();
    expect(await portsForAnotherRun(opened.spec)).toEqual(opened.ports);
    console.log(`${storm.plannedRounds} rounds while squatters took ${JSON.stringify(squats)}`);
  });
});
