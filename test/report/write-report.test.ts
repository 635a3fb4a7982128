import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PortsReport } from '../../src/report/format.ts';
import { jsonLines, writeReport } from '../../src/report/write-report.ts';
import { bare, complete, testReport } from './samples.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'portslice-report-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(target: string, report: PortsReport): void {
  writeReport(target, report, ({ tests }) => `a page of ${tests.length} tests`);
}

function readJSON(): unknown {
  return JSON.parse(readFileSync(path.join(folder, 'ports.json'), 'utf8'));
}

test.each([
  ['everything', complete],
  ['little', bare],
  ['nothing', { ...complete, machines: [], tests: [], shared: [] }],
])('ports.json is the report, of one that has %s', (_what, report) => {
  write(folder, report);
  expect(readJSON()).toEqual(JSON.parse(JSON.stringify(report)));
});

test('each test is in a line of its own, for who compares or searches reports', () => {
  const text = [...jsonLines({ ...complete, tests: [testReport, { ...testReport, id: 'def-0' }] })].join('');
  expect(
    text.split('\n').filter((line) => /^,?\{"id":/.test(line) || line.startsWith('{"id":')),
  ).toHaveLength(2);
});

test('a folder is made where it is missing, and nothing else is left in it', () => {
  folder = path.join(folder, 'deep/er');
  write(folder, complete);
  write(folder, complete);
  expect(readdirSync(folder).toSorted()).toEqual(['index.html', 'ports.json']);
  expect(readFileSync(path.join(folder, 'index.html'), 'utf8')).toBe('a page of 1 tests');
});

test('an earlier report stays whole where the new one cannot be written', () => {
  write(folder, complete);
  const damaged = {
    ...complete,
    tests: [
      testReport,
      {
        toJSON: () => {
          throw new Error('no JSON');
        },
      },
    ],
  };
  expect(() => write(folder, damaged as never)).toThrow('no JSON');
  expect(readJSON()).toEqual(JSON.parse(JSON.stringify(complete)));
  expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
});

test('a file in the place of the folder is an error that names it', () => {
  const file = path.join(folder, 'file');
  writeFileSync(file, '');
  expect(() => write(file, complete)).toThrow(file);
});
