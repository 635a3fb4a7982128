/**
 * DESIGN.md, guarantee 1: "if the segment were wrong, the lock would still be taken". Here the segment is wrong: a process
 * of the same user writes random bytes into it while others use it; foreign memory is offered in its place; and the handle
 * that names it is hostile. Evidence: the log of who had which port when, the kernel's locks, the inodes of the files that
 * each process has open, and that every process comes to its end by itself.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { PortPool, TCPPortOwner } from '../../src/index.ts';
import { readEvents } from '../contention/event-log.ts';
import { FLAWLESS, judge } from '../contention/verdict.ts';
import { needProgram } from '../support/needs.ts';
import { reservePorts } from '../support/port-block.ts';
import { openTestPool } from '../support/test-pool.ts';
import type { ForeignSegmentsConfig, ForeignSegmentsReport } from './foreign-segments.program.ts';
import type { HostileHandlesConfig, HostileHandlesReport } from './hostile-handles.program.ts';
import { handleOf, hostileHandles } from './hostile-handles.ts';
import { randomFrom, seed } from './random.ts';
import { repetitions, soakTimeoutMs } from './scale.ts';
import { startSurvivor, type SurvivorReport } from './survivor.ts';
import { startVandal, type TargetName, TARGETS, targetIn } from './vandal.ts';
import { reportOf, startWatched } from './watched.ts';
import { openZoo } from './zoo.ts';

const TIMEOUT_MS = soakTimeoutMs(240_000, 1_800_000);

describe('a live segment into which somebody writes', { timeout: TIMEOUT_MS }, () => {
  const PORT_COUNT = 40;
  const WORKERS = 3;
  const groups: { where: string; names: readonly TargetName[] }[] = [
    { where: 'in its tables', names: TARGETS.slice(0, 3) },
    { where: 'in its live parts', names: TARGETS.slice(3, -1) },
    { where: 'anywhere', names: TARGETS },
    ...TARGETS.map((name) => ({ where: `in its ${name} alone`, names: [name] })),
  ];

  test.for(groups.slice(0, repetitions(3, groups.length)))(
    '$where still gives each port to one owner at a time',
    async ({ names }) => {
      await using opened = await openTestPool(PORT_COUNT, { workers: WORKERS, restMs: 20 });
      const folder = mkdtempSync(path.join(tmpdir(), 'portslice-damage-'));
      const logFile = path.join(folder, 'events.jsonl');
      const descriptor = Number(opened.pool.handle.split(':')[4]);
      const targets = names.map((name) => targetIn(descriptor, name));
      await using vandal = startVandal({ processId: process.pid, descriptor, targets, seed });
      const operations = repetitions(300, 2500);
      const survivors = Array.from({ length: WORKERS }, (_, number) =>
        startSurvivor(
          { name: `worker ${number}`, logFile, folder, operations, seed: seed + number },
          opened.env,
        ),
      );
      try {
        await Promise.all([vandal, ...survivors].map(async ({ started }) => started));
        for (const each of [vandal, ...survivors]) each.begin();
        const reports = (await Promise.all(survivors.map(async ({ ended }) => ended))).map(reportOf);
        vandal.finish();
        const vandalism = reportOf(await vandal.ended);

        expect(judge(readEvents(logFile)), `seed ${seed}`).toMatchObject(FLAWLESS);
        for (const report of reports) expectUnharmed(report);
        expectDamage(vandalism.written, reports, names.includes('header'));
        expect(vandalism.truncations).toBe(0);
        expect(vandalism.refusedTruncations).toBeGreaterThan(0);
        // Whatever the segment says now: who has mapped it gets every port, and so does another run.
        const owners = opened.ports.map(() => new TCPPortOwner());
        expect(owners.map(({ port }) => port).toSorted((a, b) => a - b)).toEqual(opened.ports);
        for (const owner of owners) owner.cleanup();
        await expectAllFree(opened.spec, opened.ports);
        console.log(JSON.stringify({ seed, ...vandalism, reports }));
      } finally {
        await Promise.all(survivors.map(async (survivor) => survivor.kill()));
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
});

describe('foreign memory in the place of a segment', { timeout: TIMEOUT_MS }, () => {
  test('is a typed error or a pool that works, whatever bytes it has', async () => {
    await using block = await reservePorts(20);
    const config: ForeignSegmentsConfig = { spec: block.spec, segments: repetitions(400, 20_000), seed };
    await using program = startWatched<ForeignSegmentsReport>(here('foreign-segments.program.ts'), config);

    const report = reportOf(await program.ended);

    expect(report.otherErrors, `seed ${seed}`).toEqual([]);
    const codes = ['DAMAGED', 'FOREIGN', 'STALE'].map((code) => `PORTSLICE_POOL_${code}`);
    for (const code of codes) expect(report.typedErrors[code], `errors ${code}`).toBeGreaterThan(0);
    expect(Object.keys(report.typedErrors).filter((code) => !codes.includes(code))).toSatisfy(
      // Of those that were accepted.
      (others: string[]) => others.every((code) => code === 'PORTSLICE_POOL_EXHAUSTED'),
    );
    expect(report.accepted).toBeGreaterThan(config.segments / 10);
    expect(report.claims).toBeGreaterThan(report.accepted);
    const refused = Object.values(report.typedErrors).reduce((sum, count) => sum + count, 0);
    expect(report.accepted + refused).toBeGreaterThanOrEqual(config.segments);
    await expectAllFree(block.spec, block.ports);
    console.log(JSON.stringify({ seed, segments: config.segments, ...report }));
  });
});

describe('a hostile PORTSLICE_POOL', { timeout: TIMEOUT_MS }, () => {
  test('is a typed error and a private pool with one warning, and nothing that it names is touched', async (context) => {
    await using block = await reservePorts(20);
    await using zoo = await openZoo(needProgram(context, 'python3'));
    const folder = mkdtempSync(path.join(tmpdir(), 'portslice-handles-'));
    const handles = [
      ...zoo.animals.map(({ descriptor }) => handleOf(zoo.pid, descriptor)),
      ...hostileHandles(randomFrom(seed), zoo.pid, repetitions(300, 2500)),
    ];
    try {
      const file = path.join(folder, 'handles.json');
      writeFileSync(file, JSON.stringify(handles));
      const config: HostileHandlesConfig = { file, threadEvery: repetitions(25, 20) };
      await using program = startWatched<HostileHandlesReport>(here('hostile-handles.program.ts'), config, {
        env: { PORTSLICE_PORTS: block.spec },
      });

      const { outcomes, warnings, threads } = reportOf(await program.ended);

      expect(outcomes).toHaveLength(handles.length);
      for (const [index, { attach, claim }] of outcomes.entries()) {
        const what = `${zoo.animals[index]?.kind ?? JSON.stringify(handles[index]?.slice(0, 200))}, seed ${seed}`;
        expect(attach, `for ${what}`).toMatch(/^PORTSLICE_POOL_(HANDLE|STALE|FOREIGN|DAMAGED)$/);
        expect(block.ports, `for ${what}`).toContain(claim);
      }
      expect(warnings).toHaveLength(1);
      expect(threads.length).toBeGreaterThan(10);
      for (const { index, claim, warnings: theirs } of threads) {
        const what = JSON.stringify(handles[index]?.slice(0, 200));
        expect(block.ports, `for ${what}`).toContain(claim);
        expect(theirs, `for ${what}`).toEqual([expect.stringMatching(ONE_SHORT_LINE)]);
      }
      expect(await zoo.close()).toEqual({ opened: [], read: [] });
      const counts: Record<string, number> = {};
      for (const { attach } of outcomes) counts[attach] = (counts[attach] ?? 0) + 1;
      console.log(JSON.stringify({ seed, handles: handles.length, threads: threads.length, ...counts }));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

const ONE_SHORT_LINE = /^PORTSLICE_POOL_UNUSABLE: \P{Cc}{20,900} This process uses a private pool\.$/u;

function here(program: string): URL {
  return new URL(program, import.meta.url);
}

function expectUnharmed(report: SurvivorReport): void {
  expect(report, `seed ${seed}`).toMatchObject({ otherErrors: [], unlockedPorts: [], lostFiles: [] });
  expect(report.descriptorsAfter).toBe(report.descriptorsBefore);
  expect(report.checkedFiles).toBeGreaterThan(1000);
  const { PORTSLICE_POOL_EXHAUSTED: _, ...others } = report.typedErrors;
  for (const code of Object.keys(others)) expect(code).toMatch(/^PORTSLICE_POOL_(DAMAGED|STALE|FOREIGN)$/);
}

/** The damage was there: in every target, and seen by those who attached to a damaged header. */
function expectDamage(
  written: Readonly<Record<string, number>>,
  reports: readonly SurvivorReport[],
  ofHeader: boolean,
): void {
  for (const [name, count] of Object.entries(written)) expect(count, `bytes of ${name}`).toBeGreaterThan(50);
  for (const { claims, seals } of reports) expect(Math.min(claims, seals)).toBeGreaterThan(10);
  if (!ofHeader) return;
  const refused = reports.map(({ typedErrors }) => typedErrors['PORTSLICE_POOL_DAMAGED'] ?? 0);
  expect(Math.max(...refused)).toBeGreaterThan(0);
}

/** Whoever comes next, in a pool of its own, gets every one of the ports. */
async function expectAllFree(spec: string, ports: readonly number[]): Promise<void> {
  const pool = PortPool.create({ ports: spec });
  try {
    const owners: TCPPortOwner[] = [];
    for (const _ of pool.ports) owners.push(await pool.slice().acquire());
    expect(owners.map(({ port }) => port).toSorted((a, b) => a - b)).toEqual(ports);
  } finally {
    pool.close();
  }
}
