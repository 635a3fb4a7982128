/**
 * `npm run test:matrix`: the cells of e2e/versions.spec.ts, all of them. Prints a table of what came of each and writes it to
 * docs/versions.md.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JSONReport, JSONReportSuite } from '@playwright/test/reporter';

interface Cell {
  readonly runner: string;
  readonly version: string;
  readonly workerKind: string;
  readonly node: string;
  readonly outcome: string;
}

const PAGE = 'docs/versions.md';
const TABLE = /(?<=<!-- matrix -->\n)[^]*(?=<!-- end of the matrix -->)/;
/** Of a version of Node that the runner itself does not ask for. */
const NO_CELL = '–';

const folder = mkdtempSync(path.join(tmpdir(), 'portslice-matrix-'));
try {
  // Of what is packed now, whatever is committed meanwhile.
  const from = origin();
  const cells = runCells(path.join(folder, 'report.json'));
  const table = tableOf(cells);
  const page = readFileSync(PAGE, 'utf8');
  writeFileSync(
    PAGE,
    page.replace(TABLE, () => `\n${from}\n\n${table}\n\n`),
  );
  console.log(`\n${table}\n\nWritten to ${PAGE}.`);
  process.exitCode = cells.every(({ outcome }) => outcome === 'yes') ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function runCells(report: string): Cell[] {
  const env = { ...process.env, E2E_ALL_VERSIONS: '1', PLAYWRIGHT_JSON_OUTPUT_FILE: report };
  const playwright = fileURLToPath(import.meta.resolve('@playwright/test/cli'));
  const args = [playwright, 'test', 'e2e/versions.spec.ts', '--reporter=list,json'];
  spawnSync(process.execPath, args, { env, stdio: 'inherit' });
  const { suites } = JSON.parse(readFileSync(report, 'utf8')) as JSONReport;
  const cells = suites.flatMap(cellsOf);
  if (cells.length === 0) throw new Error('No cell has run');
  return cells;
}

function cellsOf({ specs, suites = [] }: JSONReportSuite): Cell[] {
  const own = specs.flatMap(({ tests }) =>
    tests.map(({ annotations, status }) => {
      const { description = '' } = annotations.find(({ type }) => type === 'cell') ?? {};
      const outcome = { expected: 'yes', skipped: 'not run' }[status as string] ?? '**no**';
      return { ...(JSON.parse(description) as Omit<Cell, 'outcome'>), outcome };
    }),
  );
  return [...own, ...suites.flatMap(cellsOf)];
}

function tableOf(cells: readonly Cell[]): string {
  const nodes = unique(cells.map(({ node }) => node)).toSorted(byNumber);
  const nameOf = ({ runner, version, workerKind }: Cell): string => `${runner} ${version}, ${workerKind}`;
  const rows = unique(cells.map(nameOf)).map((name) => {
    const ofRow = cells.filter((cell) => nameOf(cell) === name);
    return [name, ...nodes.map((node) => ofRow.find((cell) => cell.node === node)?.outcome ?? NO_CELL)];
  });
  const header = ['', ...nodes.map((node) => `Node ${node}`)];
  return [header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}

function byNumber(left: string, right: string): number {
  return left.localeCompare(right, undefined, { numeric: true });
}

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { encoding: 'utf8' }).trim();
}

function origin(): string {
  const isClean = git('status', '--porcelain', '--', '.', `:!${PAGE}`) === '';
  const commit = `${git('rev-parse', '--short', 'HEAD')}${isClean ? '' : ' with changes'}`;
  const kernel = /^\d+\.\d+/.exec(release())?.[0] ?? '';
  const date = new Date().toISOString().slice(0, 10);
  return `Run on ${date} at commit ${commit}: ${process.platform} ${process.arch}, kernel ${kernel}.`;
}
