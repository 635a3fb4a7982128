/**
 * Runs the example suites of Playwright and Vitest at the same time on this machine, and then reads in the logs of their
 * servers whether any of them has collided on a port: `npm run demo`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Collision, findCollisions } from './demo/collisions.ts';
import { run, type RunnerName, type RunnerResult } from './demo/runner.ts';
import { tableOf, totalOf } from './demo/tables.ts';

const ready = (isBuilt() || runNow('npm', 'run', '--silent', 'build')) && runNow('node', 'scripts/setup.ts');
process.exitCode = ready && (await demo()) ? 0 : 1;

async function demo(): Promise<boolean> {
  const folder = mkdtempSync(path.join(tmpdir(), 'portslice-demo-'));
  // Ctrl-C reaches the runners too; when they have ended, so have we.
  process.once('SIGINT', () => undefined);
  try {
    return report(await runBoth(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runBoth(folder: string): Promise<RunnerResult[]> {
  console.log('The suites of Playwright and Vitest run at the same time.');
  console.log('P: a Playwright test has passed, V: a Vitest test, -: skipped, x: failed');
  const runOne = (name: RunnerName): Promise<RunnerResult> =>
    run(name, path.join(folder, name), (outcome) => {
      process.stdout.write({ passed: name.charAt(0), skipped: '-', failed: 'x' }[outcome]);
    });
  const results = await Promise.all([runOne('Playwright'), runOne('Vitest')]);
  console.log('\n');
  return results;
}

/** @returns whether everything went well */
function report(results: readonly RunnerResult[]): boolean {
  const collisions = findCollisions({
    servers: results.flatMap(({ servers }) => servers),
    tests: results.flatMap(({ portUses }) => portUses),
  });
  const problems = results.flatMap(problemsOf);
  for (const { succeeded, output } of results) if (!succeeded) console.log(`${output}\n`);
  for (const result of results) console.log(`${tableOf(result, collisions)}\n`);
  for (const text of [...collisions.map(({ message }: Collision) => message), ...problems]) console.log(text);
  console.log(totalOf(results, collisions));
  return collisions.length === 0 && problems.length === 0;
}

/** The count of collisions means something only if the tests ran, and if the logs of all servers were found and understood. */
function problemsOf({ name, succeeded, counts, statistics, servers, portUses }: RunnerResult): string[] {
  const portsUsed = statistics?.lifetimeTotalAllocatedPorts;
  const unclear = servers.filter(
    ({ from, until, addressInUse }) => (from === Infinity || until === Infinity) && !addressInUse,
  );
  return [
    ...(succeeded && counts.failed === 0 ? [] : [`${name} failed.`]),
    ...(servers.length >= counts.passed ? [] : [`${name}: there are fewer servers' logs than tests.`]),
    ...(portUses.length === portsUsed ? [] : [`${name}: not every port is in its report.`]),
    ...(unclear.length === 0 ? [] : [`${name}: ${unclear.length} servers' logs lack the bind or the end.`]),
  ];
}

function runNow(program: string, ...args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'inherit' }).status === 0;
}

function isBuilt(): boolean {
  if (!existsSync('dist/index.js')) return false;
  const builtAtMs = statSync('dist/index.js').mtimeMs;
  return globSync('src/**/*.ts').every((file) => statSync(file).mtimeMs < builtAtMs);
}
