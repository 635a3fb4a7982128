/**
 * The whole check, one step after the other: `npm test`. A step that only succeeds or fails counts as one; the
 * test runners' own counts are added. The last line is the sum.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readPlaywrightReport, readVitestReport } from './test-reports.ts';
import type { Counts, SuiteReport } from './test-reports.ts';

const reportDirectory = mkdtempSync(path.join(tmpdir(), 'portslice-check-'));
const vitestReport = path.join(reportDirectory, 'vitest.json');
const playwrightReport = path.join(reportDirectory, 'playwright.json');

const total: Counts = { passed: 0, failed: 0, skipped: 0 };
const failedSteps: string[] = [];
const failedTests: string[] = [];

try {
  checkEverything();
} finally {
  rmSync(reportDirectory, { recursive: true, force: true });
}
for (const failedTest of failedTests) console.log(`\nfailed: ${failedTest}`);
if (failedSteps.length > 0) console.log(`\nFailed: ${failedSteps.join('; ')}`);
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;

function checkEverything(): void {
  step('system needs', 'node', ['scripts/setup.ts']);
  // Everything below looks at dist or at its declarations; without them it would only repeat this failure.
  rmSync('dist', { recursive: true, force: true });
  if (!step('build', 'npm', ['run', '--silent', 'build'])) return;
  step('typecheck', 'npm', ['run', '--silent', 'typecheck']);
  step('lint', 'oxlint', []);
  step('format', 'oxfmt', ['--check']);
  step('unused code and dependencies', 'knip', []);
  step('package', 'publint', ['--strict']);
  step('package types', 'attw', ['--pack', '.', '--profile', 'esm-only']);
  suite('unit and contention tests', 'vitest', vitestArguments(), () => readVitestReport(vitestReport));
  suite('end-to-end tests', 'playwright', playwrightArguments(), () =>
    readPlaywrightReport(playwrightReport),
  );
}

function vitestArguments(): string[] {
  return ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${vitestReport}`];
}

function playwrightArguments(): string[] {
  process.env['PLAYWRIGHT_JSON_OUTPUT_FILE'] = playwrightReport;
  return ['test', '--reporter=list,json'];
}

function step(title: string, program: string, args: readonly string[]): boolean {
  const succeeded = run(title, program, args);
  add(title, { passed: succeeded ? 1 : 0, failed: succeeded ? 0 : 1, skipped: 0 });
  return succeeded;
}

function suite(title: string, program: string, args: readonly string[], readReport: () => SuiteReport): void {
  const succeeded = run(title, program, args);
  const { passed, failed, skipped, failures } = readReport();
  // An error outside any test (a file that does not load, no test at all) fails the runner, but no test.
  add(title, { passed, failed: succeeded ? failed : Math.max(failed, 1), skipped });
  failedTests.push(...failures);
}

/** npm puts node_modules/.bin on the PATH, so the programs are found by name. */
function run(title: string, program: string, args: readonly string[]): boolean {
  console.log(`\n== ${title}: ${program} ${args.join(' ')}`);
  const { status, error } = spawnSync(program, args, { stdio: 'inherit' });
  if (error !== undefined) console.error(error.message);
  return status === 0;
}

function add(title: string, counts: Counts): void {
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  if (counts.failed > 0) failedSteps.push(`${title} (${counts.failed})`);
}
