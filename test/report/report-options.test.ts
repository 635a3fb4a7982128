import { expect, test } from 'vitest';
import { InvalidOptionError } from '../../src/index.ts';
import { checkReport } from '../../src/report/report-options.ts';

test.each([
  [undefined, undefined],
  [false, undefined],
  [true, {}],
  [{}, {}],
  [{ folder: 'out/ports' }, { folder: 'out/ports' }],
  [{ folder: undefined }, {}],
])('report: %j is taken', (report, expected) => {
  expect(checkReport(report)).toEqual(expected);
});

test.each([
  ['yes', 'report'],
  [1, 'report'],
  [null, 'report'],
  [{ folder: '' }, 'report.folder'],
  [{ folder: 7 }, 'report.folder'],
  [{ folder: 'a\0b' }, 'report.folder'],
  [{ directory: 'out' }, 'report.directory'],
])('report: %j is refused, and the option is named', (report, option) => {
  expect(() => checkReport(report)).toThrow(InvalidOptionError);
  expect(() => checkReport(report)).toThrow(expect.objectContaining({ option }) as Error);
});
