/** What the page of a report computes before it draws anything. */
import { describe, expect, test } from 'vitest';
import { lookFirst } from '../../../src/report/page/client/model/findings.ts';
import { cellsOf } from '../../../src/report/page/client/model/pool-cells.ts';
import { chooseRows, type Choice, rowsOf } from '../../../src/report/page/client/model/rows.ts';
import { buildTimeline } from '../../../src/report/page/client/model/timeline.ts';
import { heldAt, mostInPieces, usageOf } from '../../../src/report/page/client/model/usage.ts';
import { syntheticReport } from '../../support/synthetic-report.ts';

const report = syntheticReport({ testCount: 300, machineCount: 3, workersPerMachine: 3 });
const timeline = buildTimeline(report);
const EVERYTHING: Choice = { search: '', filters: new Set(), machine: undefined, sort: undefined };

describe('The timeline', () => {
  test('has each port once, in the lane of its machine and worker', () => {
    const placed = timeline.groups.flatMap(({ machine, lanes }) =>
      lanes.flatMap(({ worker, rows }) => rows.flat().map((bar) => ({ bar, machine, worker }))),
    );
    expect(new Set(placed.map(({ bar }) => bar))).toEqual(new Set(timeline.bars));
    expect(placed).toHaveLength(report.summary.handedOut);
    expect(
      placed.filter(({ bar, ...lane }) => bar.machine !== lane.machine || bar.worker !== lane.worker),
    ).toEqual([]);
  });

  test('has no bar over another one in a row', () => {
    const rows = timeline.groups.flatMap(({ lanes }) => lanes.flatMap((lane) => lane.rows));
    for (const row of rows)
      for (const [index, bar] of row.slice(1).entries())
        expect(bar.fromMs).toBeGreaterThanOrEqual(row[index]?.toMs ?? 0);
  });

  test('takes the difference of the clocks off', () => {
    const ahead = report.tests.find(({ machine }) => machine === 2);
    const bar = timeline.bars.find(({ test: one }) => one === ahead);
    const acquiredAtMs = ahead?.ports[0]?.acquiredAtMs ?? 0;
    expect(bar?.heldFromMs).toBe(acquiredAtMs - 74 - timeline.originMs);
  });

  test('begins with the first port where that was before the run by the clocks', () => {
    const late = { ...report, startedAtMs: report.startedAtMs + 60_000 };
    const { originMs, bars } = buildTimeline(late);
    expect(originMs).toBeLessThan(late.startedAtMs);
    expect(Math.min(...bars.map(({ fromMs }) => fromMs))).toBe(0);
  });

  test('goes on to the end of its test for a port of which nobody said when it was released', () => {
    const [one, ...others] = report.tests as [(typeof report.tests)[number]];
    const ports = one.ports.map((use) => ({ ...use, releasedAtMs: undefined }));
    const { bars, originMs } = buildTimeline({ ...report, tests: [{ ...one, ports }, ...others] });
    const bar = bars.find(({ test: owner }) => owner?.id === one.id);
    expect(bar?.toMs).toBe(one.startedAtMs + one.durationMs - originMs);
  });
});

describe('The ports in use', () => {
  const steps = [
    { atMs: 10, portCount: 1 },
    { atMs: 12, portCount: 4 },
    { atMs: 14, portCount: 2 },
    { atMs: 80, portCount: 0 },
  ];

  test('are the most in each piece of the run', () => {
    expect(mostInPieces(steps, 100, 5)).toEqual([4, 2, 2, 2, 2]);
    expect(mostInPieces(steps, 100, 10)).toEqual([0, 4, 2, 2, 2, 2, 2, 2, 2, 0]);
    expect(mostInPieces(steps, 100, 0)).toEqual([]);
  });

  test('are none before the first and after the last', () => {
    const all = usageOf(timeline.bars);
    expect(Math.min(...all.map(({ portCount }) => portCount))).toBe(0);
    expect(all.at(-1)?.portCount).toBe(0);
  });

  test('at the end are those that are kept after their test, each once', () => {
    const bars = timeline.bars.filter(({ machine }) => machine === 0);
    const held = heldAt(bars, timeline.endMs);
    expect(held.length).toBeGreaterThan(0);
    expect(new Set(held.map(({ use }) => use.port)).size).toBe(held.length);
    expect(held.every(({ use }) => use.state === 'sealed' || use.state === 'leaked')).toBe(true);
    expect(heldAt(bars, -1)).toEqual([]);
  });
});

describe('The rows of the table', () => {
  const rows = rowsOf(report);

  test('are those that have every word, whatever its case', () => {
    const [first] = report.tests as [(typeof report.tests)[number]];
    const search = `${first.file.toUpperCase()} ${first.ports[0]?.port}`;
    expect(chooseRows(rows, { ...EVERYTHING, search }).map(({ test: one }) => one.id)).toContain(first.id);
    expect(chooseRows(rows, { ...EVERYTHING, search: `${search} nowhere` })).toEqual([]);
    for (const between of [' > ', ' \u203A ']) {
      const label = [first.file, ...first.titles].join(between);
      expect(chooseRows(rows, { ...EVERYTHING, search: label }).map(({ test: one }) => one.id)).toContain(
        first.id,
      );
    }
  });

  test('fit one of the filters', () => {
    const leaked = chooseRows(rows, { ...EVERYTHING, filters: new Set(['leaked']) });
    const waited = chooseRows(rows, { ...EVERYTHING, filters: new Set(['waited']) });
    const either = chooseRows(rows, { ...EVERYTHING, filters: new Set(['leaked', 'waited']) });
    expect(new Set(either)).toEqual(new Set([...leaked, ...waited]));
    expect(chooseRows(rows, { ...EVERYTHING, machine: 1 }).every(({ test: one }) => one.machine === 1)).toBe(
      true,
    );
  });

  test('are in the order of any column, both ways', () => {
    for (const column of [
      'test',
      'file',
      'project',
      'worker',
      'port',
      'waited',
      'held',
      'state',
      'ready',
    ] as const) {
      const up = chooseRows(rows, { ...EVERYTHING, sort: { column, descending: false } });
      const down = chooseRows(rows, { ...EVERYTHING, sort: { column, descending: true } });
      expect(new Set(up)).toEqual(new Set(rows));
      expect(down[0]).not.toBe(up[0]);
    }
    const longest = chooseRows(rows, { ...EVERYTHING, sort: { column: 'waited', descending: true } });
    expect(longest[0]?.waitedMs).toBe(report.summary.waits.longestMs);
  });
});

test('Tests that leaked come first, then those without a server, then those that waited longest', () => {
  const kinds = lookFirst(report).map(({ ports, servers }) => {
    if (ports.some(({ state }) => state === 'leaked')) return 0;
    return servers.some((server) => server.readyAfterMs === undefined) ? 1 : 2;
  });
  expect(kinds).toEqual(kinds.toSorted((a, b) => a - b));
  expect(new Set(kinds)).toEqual(new Set([0, 1, 2]));
});

test('The map has a cell for each port of the pool and for what is excluded between them', () => {
  const pool = report.machines[0]?.pool;
  if (pool === undefined) throw new Error('The report has no pool');
  const cells = cellsOf(pool);
  expect(cells.filter(({ excluded }) => excluded === undefined)).toHaveLength(pool.portCount);
  expect(cells.filter(({ excluded }) => excluded !== undefined).map(({ port }) => port)).toEqual([20_048]);
  expect(cells.map(({ port }) => port)).toEqual(cells.map(({ port }) => port).toSorted((a, b) => a - b));
});
