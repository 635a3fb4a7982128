/**
 * DESIGN.md, guarantee 1: "if the segment were wrong, the lock would still be taken". Here the segment is wrong: a process
 * of the same user writes random bytes into it while others use it; foreign memory is offered in its place; and the handle
 * that names it is hostile. Whatever it is, the answer is a typed error or a pool that works. Single changes, each with its
 * error, are in test/core/segment.test.ts, test/pool/pool-handle.test.ts and test/platform/linux/memory.test.ts.
 */
import { closeSync, ftruncateSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatPoolHandle } from '../../src/core/pool-handle.ts';
import { RECORD_BYTES, RECORD_LABEL_OFFSET, segmentOffsets } from '../../src/core/segment-layout.ts';
import { PortPool, PortsliceError, TCPPortOwner } from '../../src/index.ts';
import {
  F_ADD_SEALS,
  F_SEAL_GROW,
  F_SEAL_SHRINK,
  MFD_ALLOW_SEALING,
} from '../../src/platform/linux/constants.ts';
import { libc } from '../../src/platform/linux/libc.ts';
import { platform } from '../../src/platform/platform.ts';
import { SOURCE, Storm } from '../contention/storm.ts';
import { forgetPools } from '../support/pool-internals.ts';
import { startPortThread } from '../support/port-worker.ts';
import { startProgram } from '../support/program.ts';
import { openTestPool, portsForAnotherRun, type TestPool } from '../support/test-pool.ts';
import type { NewcomerCommands } from './newcomer.program.ts';
import { repetitions, soakTimeoutMs } from './scale.ts';
import type { Extent, VandalCommands } from './vandal.program.ts';

const TIMEOUT_MS = soakTimeoutMs(240_000, 1_800_000);
const PORT_COUNT = 40;
const WORKERS = 3;
/** Each attach maps the segment anew, and Linux lets a process map 65,530 times (vm.max_map_count). */
const MAX_ATTACHES = 50_000;
const POOL_ERROR = /^PORTSLICE_POOL_(HANDLE|STALE|FOREIGN|DAMAGED|EXHAUSTED)$/;

/** With so many workers there are slice 0, theirs and two spare ones; a block of ports is at most two ranges here. */
const at = segmentOffsets({ portCount: PORT_COUNT, sliceCount: WORKERS + 3, rangeCount: 1 });
const records = Array.from({ length: PORT_COUNT }, (_, index) => at.records + index * RECORD_BYTES);
const targets: { where: string; extents: readonly Extent[] }[] = [
  { where: 'into its tables', extents: [[0, at.states]] },
  { where: 'into its live parts', extents: [[at.states, at.byteLength]] },
  { where: 'anywhere', extents: [[0, at.byteLength]] },
  { where: 'into its states', extents: [[at.states, at.releasedAtMs]] },
  { where: 'into its records', extents: records.map((from) => [from, from + RECORD_LABEL_OFFSET]) },
  {
    where: 'into its labels',
    extents: records.map((from) => [from + RECORD_LABEL_OFFSET, from + RECORD_BYTES]),
  },
];

describe('a live segment into which somebody writes', { timeout: TIMEOUT_MS }, () => {
  test.for(targets.slice(0, repetitions(3, targets.length)))(
    '$where still gives each port to one owner at a time',
    async ({ extents }) => {
      await using opened = await openTestPool(PORT_COUNT, { workers: WORKERS, restMs: 20 });
      const descriptor = descriptorOf(opened.pool.handle);
      expect(readFileSync(`/proc/self/fd/${descriptor}`)).toHaveLength(at.byteLength);
      const config = { processId: process.pid, descriptor, extents };
      await using vandal = startProgram<VandalCommands>(here('vandal.program.ts'), { config });
      await using newcomers = startProgram<NewcomerCommands>(here('newcomer.program.ts'));
      await using storm = await Storm.gather({
        allocator: { kind: 'portslice', source: SOURCE },
        members: Array.from({ length: WORKERS }, () => ({ env: opened.env })),
        slots: 8,
        roundsPerSlot: repetitions(40, 400),
        maxDelayMs: 3,
        acquireTimeoutMs: 15,
      });
      await Promise.all([vandal.ready, newcomers.ready]);

      const damaging = vandal.call('damage');
      const [, newcome] = await Promise.all([
        storm.rage(),
        newcomers.call('attachOften', opened.pool.handle, repetitions(10_000, MAX_ATTACHES)),
      ]);
      await vandal.call('stop');
      const vandalism = await damaging;

      const { refusals, completeRounds, ...verdict } = storm.verdict();
      expect(verdict).toMatchObject({
        sharedPorts: [],
        sharedServers: [],
        failedServers: [],
        wrongAnswers: [],
      });
      expect(refusals.filter((refusal) => !refusal.includes('PortPoolExhaustedError'))).toEqual([]);
      expect(completeRounds).toBeGreaterThan(storm.plannedRounds / 10);
      expect(newcome.otherErrors).toEqual([]);
      for (const code of Object.keys(newcome.typedErrors)) expect(code).toMatch(POOL_ERROR);
      const refused = newcome.typedErrors['PORTSLICE_POOL_DAMAGED'] ?? 0;
      expect(refused > 0).toBe(extents[0]?.[0] === 0);
      expect(vandalism.writtenBytes).toBeGreaterThan(5_000);
      expect(vandalism.truncations).toBe(0);
      expect(vandalism.refusedTruncations).toBeGreaterThan(0);
      await expectAllFree(opened);
      console.log(JSON.stringify({ ...vandalism, completeRounds, refusals: refusals.length, ...newcome }));
    },
  );
});

/** Whatever the segment says now: who has mapped it gets every port, and so does another run. */
async function expectAllFree({ ports, spec }: TestPool): Promise<void> {
  const owners = ports.map(() => new TCPPortOwner());
  expect(owners.map(({ port }) => port).toSorted((a, b) => a - b)).toEqual(ports);
  for (const owner of owners) owner.cleanup();
  expect(await portsForAnotherRun(spec)).toEqual(ports);
}

const kernel = platform.openKernel();

describe('foreign memory in the place of a segment', { timeout: TIMEOUT_MS }, () => {
  const anyByte = fc.integer({ min: 0, max: 255 });
  const anyChange = fc.tuple(fc.nat(), fc.oneof(anyByte, fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)));
  /** How the bytes differ from those of a true segment. */
  const anyForgery = fc.record({
    /** Mostly in the description: header and tables. */
    part: fc.constantFrom(256, at.states, at.states, Infinity),
    changes: fc.array(anyChange, { maxLength: 6 }),
    byteLength: fc.option(fc.integer({ min: 1, max: 3 * at.byteLength })),
    noise: fc.option(fc.tuple(fc.nat(at.byteLength), fc.uint8Array({ maxLength: 4096 }))),
  });

  test('is a typed error or a pool that works, whatever bytes it has', async () => {
    await using opened = await openTestPool(PORT_COUNT, { workers: WORKERS });
    const { handle } = opened.pool;
    const whole = readFileSync(`/proc/self/fd/${descriptorOf(handle)}`);
    const outcomes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(anyForgery, async ({ part, changes, byteLength, noise }) => {
        const bytes = new Uint8Array(byteLength ?? whole.length);
        bytes.set(whole.subarray(0, bytes.length));
        if (noise !== null)
          bytes.set(
            noise[1].subarray(0, Math.max(0, bytes.length - noise[0])),
            Math.min(noise[0], bytes.length),
          );
        for (const [offset, value] of changes) bytes[offset % Math.min(part, bytes.length)] = value;
        const outcome = await offer(bytes, opened);
        outcomes.add(outcome);
        expect(outcome).toMatch(/^(works|other ports|PORTSLICE_POOL_(STALE|FOREIGN|DAMAGED|EXHAUSTED))$/);
      }),
      { numRuns: repetitions(400, 20_000) },
    );
    expect(outcomes).toContain('works');
    expect(outcomes).toContain('PORTSLICE_POOL_DAMAGED');
    await expectAllFree(opened);
  });

  const BOTH = F_SEAL_SHRINK | F_SEAL_GROW;
  const F_SEAL_WRITE = 8;
  const F_SEAL_FUTURE_WRITE = 16;
  test.for([
    { what: 'empty', byteLength: 0, seals: BOTH },
    { what: 'of one byte', byteLength: 1, seals: BOTH },
    { what: 'endless', byteLength: 2 ** 43, seals: BOTH },
    { what: 'read-only', byteLength: 8192, seals: BOTH | F_SEAL_WRITE },
    { what: 'read-only from now on', byteLength: 8192, seals: BOTH | F_SEAL_FUTURE_WRITE },
  ])('that is $what is a typed error', ({ byteLength, seals }) => {
    const descriptor = libc().memfd_create('portslice', MFD_ALLOW_SEALING);
    ftruncateSync(descriptor, byteLength);
    expect(libc().fcntl(descriptor, F_ADD_SEALS, seals)).toBe(0);
    const handle = formatPoolHandle({ locator: `memfd:${process.pid}:${descriptor}`, runId: '0'.repeat(32) });
    expect(codeOf(() => PortPool.attach(handle))).toMatch(/^PORTSLICE_POOL_(FOREIGN|DAMAGED)$/);
    closeSync(descriptor);
  });
});

/** @returns the code of the typed error, if there is one */
async function offer(bytes: Uint8Array, { pool, ports }: TestPool): Promise<string> {
  const memory = kernel.createMemory(bytes.length);
  new Uint8Array(memory.buffer).set(bytes);
  try {
    const runId = pool.handle.split(':').at(-1) as string;
    const attached = PortPool.attach(formatPoolHandle({ locator: memory.locator, runId }));
    attached.snapshot();
    attached.stats();
    // The ports of somebody else on this machine are not ours to try.
    if (!attached.ports.every((port) => ports.includes(port))) return 'other ports';
    const slice = attached.slice(bytes.length % 9);
    const owners = [
      await slice.acquire({ acquireTimeoutMs: 5 }),
      await slice.acquire({ acquireTimeoutMs: 5 }),
    ];
    const claimed = new Set(owners.map(({ port }) => port));
    for (const owner of owners) owner.cleanup();
    return claimed.size === 2 && [...claimed].every((port) => ports.includes(port)) ? 'works' : 'wrong ports';
  } catch (error) {
    if (error instanceof PortsliceError) return error.code;
    throw error;
  } finally {
    memory.close();
    forgetPools(pool.handle);
  }
}

describe('a hostile PORTSLICE_POOL', { timeout: TIMEOUT_MS }, () => {
  const anyText = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ unit: 'grapheme' }));
  const anyPart = (numbers: readonly number[]): fc.Arbitrary<string> =>
    fc.oneof(
      fc.constantFrom(...numbers).map(String),
      fc.nat(2 ** 22).map(String),
      fc.constantFrom(
        '',
        '0',
        '-1',
        '00',
        '4294967296',
        '1e3',
        ' 1',
        '1\n',
        'self',
        '../mem',
        '1/fd/../../1',
        '\0',
      ),
      fc.nat(200_000).map((length) => '9'.repeat(length)),
      anyText,
    );
  const openHere = Array.from({ length: 30 }, (_, descriptor) => descriptor);
  const anyRunId = fc.oneof(fc.stringMatching(/^[\da-f]{32}$/), fc.constantFrom('', 'A'.repeat(32)), anyText);
  const anyHandle = fc.oneof(
    fc
      .tuple(anyPart([process.pid, process.ppid, 1]), anyPart(openHere), anyRunId)
      .map((parts) => `portslice:1:memfd:${parts.join(':')}`),
    anyText,
  );

  test('is a typed error, and opens nothing', () => {
    fc.assert(
      fc.property(anyHandle, (handle) => {
        expect(codeOf(() => PortPool.attach(handle))).toMatch(POOL_ERROR);
      }),
      { numRuns: repetitions(400, 20_000) },
    );
  });

  test('is a private pool and one warning: a short line without control characters', async () => {
    const handles = ['\u001b[2J\r\n\u2028%s$(id)\ud800', ...fc.sample(anyHandle, repetitions(8, 100))];
    for (const handle of handles.filter((text) => !/^(\0|$)/.test(text))) {
      await using thread = await startPortThread({ env: { PORTSLICE_POOL: handle } });
      await thread.call('claim');
      await thread.call('claim');
      const [warning, ...more] = await thread.call('warnings');
      expect([handle, warning?.code]).toEqual([handle, 'PORTSLICE_POOL_UNUSABLE']);
      expect(warning?.message).toMatch(/^\P{Cc}{20,900} This process uses a private pool\.\u2069?$/u);
      expect(more).toEqual([]);
    }
  });
});

function errorOf(act: () => unknown): Error {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  throw new Error('Nothing was thrown.');
}

function codeOf(act: () => unknown): string {
  return (errorOf(act) as PortsliceError).code;
}

function descriptorOf(handle: string): number {
  return Number(handle.split(':')[4]);
}

function here(program: string): URL {
  return new URL(program, import.meta.url);
}
