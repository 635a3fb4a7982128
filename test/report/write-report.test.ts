import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { jsonLines, writeReport } from '../../src/report/write-report.ts';
import { bare, complete, testReport } from './samples.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'portslice-report-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function readJSON(): unknown {
  return JSON.parse(readFileSync(path.join(folder, 'ports.json'), 'utf8'));
}

test.each([
  ['everything', complete],
  ['little', bare],
  ['nothing', { ...complete, machines: [], tests: [], shared: [] }],
])('ports.json is the report, of one that has %s', async (_what, report) => {
  await writeReport(folder, report);
  expect(readJSON()).toEqual(JSON.parse(JSON.stringify(report)));
});

test('each test is in a line of its own, for who compares or searches reports', () => {
  const text = [...jsonLines({ ...complete, tests: [testReport, { ...testReport, id: 'def-0' }] })].join('');
  expect(
    text.split('\n').filter((line) => /^,?\{"id":/.test(line) || line.startsWith('{"id":')),
  ).toHaveLength(2);
});

test('a folder is made where it is missing, and nothing else is left in it', async () => {
  folder = path.join(folder, 'deep/er');
  await writeReport(folder, complete);
  await writeReport(folder, complete);
  expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
  expect(existsSync(path.join(folder, 'ports.json'))).toBe(true);
});

test('an earlier report stays whole where the new one cannot be written', async () => {
  await writeReport(folder, complete);
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
  await expect(writeReport(folder, damaged as never)).rejects.toThrow('no JSON');
  expect(readJSON()).toEqual(JSON.parse(JSON.stringify(complete)));
  expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
});

test('a file in the place of the folder is an error that names it', async () => {
  const file = path.join(folder, 'file');
  writeFileSync(file, '');
  await expect(writeReport(file, complete)).rejects.toThrow(file);
});
