import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Collected } from '../../src/report/collect.ts';
import type { TestReport } from '../../src/report/format.ts';
import { addToJobSummary, gitHubWarnings } from '../../src/report/github.ts';
import { complete, portUse, testReport } from './samples.ts';

let folder: string;
let summary: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'portslice-github-'));
  summary = path.join(folder, 'summary.md');
  vi.stubEnv('GITHUB_ACTIONS', 'true');
  vi.stubEnv('GITHUB_WORKSPACE', folder);
  vi.stubEnv('GITHUB_STEP_SUMMARY', summary);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function collected(tests: readonly TestReport[], exhausted: Collected['exhausted'] = []): Collected {
  const report = { ...complete, tests, shared: [] };
  return { report, exhausted, damaged: { count: 0, example: undefined } };
}

function tell(what: Collected): string[] {
  return gitHubWarnings(what, { root: path.join(folder, 'packages/web') });
}

test('a leak is a warning at its test, in the checkout', () => {
  expect(tell(collected([testReport]))).toEqual([
    '::warning title=Server left behind,file=packages/web/shop/cart.spec.ts,line=7::' +
      "Something still listens: port 20001 of 'shop/cart.spec.ts > cart > is empty' to pid 4711 (node server.js)",
  ]);
});

test('a test that found no free port is a warning with what the error says', () => {
  const test_ = { ...testReport, ports: [], line: undefined };
  expect(tell(collected([test_], [{ test: test_, message: 'No port is free.\n100% are used' }]))).toEqual([
    '::warning title=No free port,file=packages/web/shop/cart.spec.ts::No port is free.%0A100%25 are used',
  ]);
});

test('no title begins another command, and none has another property', () => {
  const hostile = {
    ...testReport,
    file: 'a,line=9::error::b\n::stop-commands::x.ts',
    titles: ['\r\n::set-output name=a::b'],
  };
  const [line = '', ...others] = tell(collected([hostile]));
  expect(others).toEqual([]);
  expect(line).not.toMatch(/[\r\n]/);
  expect(line).toContain(
    ',file=packages/web/a%2Cline=9%3A%3Aerror%3A%3Ab%0A%3A%3Astop-commands%3A%3Ax.ts,line=7::',
  );
});

test('a file that is not in the checkout is named as the run names it', () => {
  expect(tell(collected([{ ...testReport, file: '../../../elsewhere/x.ts' }]))[0]).toContain(
    'file=../../../elsewhere/x.ts',
  );
});

test('of many warnings there are no more than GitHub shows, and the last one tells how many are left', () => {
  const lines = tell(collected(Array.from({ length: 30 }, () => testReport)));
  expect(lines).toHaveLength(10);
  expect(lines.at(-1)).toBe('::warning::21 more warnings of portslice are in its report.');
});

test('the summary of the job gets the numbers, the leaks and the waits, and keeps what is there', () => {
  writeFileSync(summary, 'of another step\n');
  const titles = ['<img src=x onerror=alert(1)>', '| a | b |', '`c`\n\n# d'];
  addToJobSummary(collected([{ ...testReport, titles, ports: [portUse, { ...portUse, waitedMs: 2_500 }] }]));
  const text = readFileSync(summary, 'utf8');
  expect(text).toMatch(/^of another step\n### Ports\n/);
  expect(text).toContain('| Handed out | 2 |');
  expect(text).toContain('2 servers left behind');
  expect(text).toContain('2.5 s: shop/cart.spec.ts &gt; &lt;img src=x');
  expect(text).not.toContain('<img');
  expect(text).not.toContain('\n# d');
});

test('the summary is short, however many tests have leaked, and however long their names are', () => {
  const titles = ['x'.repeat(10_000)];
  addToJobSummary(collected(Array.from({ length: 5_000 }, () => ({ ...testReport, titles }))));
  const text = readFileSync(summary, 'utf8');
  expect(text.length).toBeLessThan(100_000);
  expect(text).toContain('and 4950 more');
});

test('a summary that has no room left is an error, and is not touched', () => {
  writeFileSync(summary, 'x'.repeat(1024 * 1024 - 10));
  expect(() => addToJobSummary(collected([testReport]))).toThrow('no room');
  expect(readFileSync(summary, 'utf8')).toHaveLength(1024 * 1024 - 10);
});

test('elsewhere nothing is told', () => {
  vi.stubEnv('GITHUB_ACTIONS', '');
  expect(tell(collected([testReport]))).toEqual([]);
  addToJobSummary(collected([testReport]));
  expect(() => readFileSync(summary)).toThrow('ENOENT');
});
