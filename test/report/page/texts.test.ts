/** What the page of a report says: numbers, times, and text that comes from tests. */
import { expect, test } from 'vitest';
import { formatAxisTime } from '../../../src/report/page/client/text/axis-time.ts';
import { formatDuration, plural } from '../../../src/report/page/client/text/format.ts';
import { machineName } from '../../../src/report/page/client/text/machine.ts';
import { visible } from '../../../src/report/page/client/text/visible.ts';
import { including, pan, zoom } from '../../../src/report/page/client/view/timeline/window.ts';
import { syntheticReport } from '../../support/synthetic-report.ts';

test.for([
  [0, '0 ms'],
  [0.44, '0.4 ms'],
  [38.4, '38 ms'],
  [999.4, '999 ms'],
  [999.6, '1.00 s'],
  [9_999, '10.0 s'],
  [59_960, '1 min'],
  [125_000, '2 min 5 s'],
  [3_599_600, '1 h'],
  [3_780_000, '1 h 3 min'],
  [-250, '-250 ms'],
] as const)('A duration of %s ms is %s', ([ms, text]) => {
  expect(formatDuration(ms)).toBe(text);
});

test('Times on the axis are as exact as the ticks are apart', () => {
  expect(formatAxisTime(65_000, 5_000)).toBe('1:05');
  expect(formatAxisTime(3_725_000, 60_000)).toBe('1:02:05');
  expect(formatAxisTime(1_250, 50)).toBe('0:01.25');
  expect(formatAxisTime(1_200, 200)).toBe('0:01.2');
  expect(formatAxisTime(1_999.6, 200)).toBe('0:02.0');
});

test('One is not many', () => {
  expect([plural(1, 'port'), plural(0, 'port'), plural(12_000, 'test')]).toEqual([
    '1 port',
    '0 ports',
    '12,000 tests',
  ]);
});

test('Text of tests shows its control characters, and is cut', () => {
  expect(visible('a\u001B[1m\u0007\u007F\u0085\u202Eb')).toBe('a\u241B[1m\u2407\u2421\uFFFD\uFFFDb');
  expect(visible('x'.repeat(10_000))).toHaveLength(301);
  expect(visible(`${'x'.repeat(299)}\u{1F600}y`)).toBe(`${'x'.repeat(299)}\u2026`);
});

test('A machine is named by its shard, its host and its clock', () => {
  const report = syntheticReport({ testCount: 4, machineCount: 2 });
  expect(machineName(report, 0)).toBe('Shard 1/2, ci-runner-1, clock difference not known');
  expect(machineName(report, 1)).toBe('Shard 2/2, ci-runner-2, clock at least 37 ms behind');
  expect(machineName(syntheticReport({ testCount: 4 }), 0)).toBe('ci-runner-1');
});

test('The window of the timeline stays within the run', () => {
  const whole = { fromMs: 0, toMs: 1_000 };
  expect(zoom(whole, 0.5, 500, 1_000)).toEqual({ fromMs: 250, toMs: 750 });
  expect(zoom({ fromMs: 0, toMs: 500 }, 10, 100, 1_000)).toEqual(whole);
  expect(zoom(whole, 1e-9, 0, 1_000)).toEqual({ fromMs: 0, toMs: 2 });
  expect(pan({ fromMs: 100, toMs: 200 }, -500, 1_000)).toEqual({ fromMs: 0, toMs: 100 });
  expect(pan({ fromMs: 100, toMs: 200 }, 5_000, 1_000)).toEqual({ fromMs: 900, toMs: 1_000 });
  expect(including({ fromMs: 0, toMs: 100 }, 20, 80, 1_000)).toEqual({ fromMs: 0, toMs: 100 });
  expect(including({ fromMs: 0, toMs: 100 }, 500, 520, 1_000)).toEqual({ fromMs: 460, toMs: 560 });
  expect(including({ fromMs: 0, toMs: 100 }, 500, 900, 1_000)).toEqual({ fromMs: 490, toMs: 590 });
});
