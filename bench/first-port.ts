/**
 * How much later than an empty process a new process ends that allocates one port: the medians of
 * alternating runs, and the fastest.
 * Run: npm run bench:first-port, which builds dist first, since Node 20 does not run TypeScript.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { PortPool } from '../src/index.ts';
import { cleanEnvironment } from '../test/support/environment.ts';
import { formatMs, printMachine, printTable, quantile } from './report.ts';

const RUNS = 60;
const WARM_UP_RUNS = 5;
const entry = new URL('../dist/index.js', import.meta.url).href;

const load = `import { TCPPortOwner } from '${entry}';`;
const pool = PortPool.create({ workers: 2 });
const programs = [
  { name: 'empty', code: '', env: {} },
  { name: 'imports portslice', code: load, env: {} },
  { name: 'first port, private pool', code: `${load} new TCPPortOwner();`, env: {} },
  {
    name: "first port, the run's pool",
    code: `${load} new TCPPortOwner();`,
    env: { PORTSLICE_POOL: pool.handle },
  },
] as const;

printMachine();
printTable(
  ['Node', 'process', 'median', 'more than empty', 'fastest', 'more than empty'],
  [process.execPath, ...systemNode()].flatMap(compare),
);
pool.close();

function compare(nodePath: string): string[][] {
  const timesMs = programs.map((): number[] => []);
  for (let run = -WARM_UP_RUNS; run < RUNS; run++) {
    for (const [index, { code, env }] of programs.entries()) {
      const timeMs = timeOf(nodePath, code, cleanEnvironment(env));
      if (run >= 0) timesMs[index]?.push(timeMs);
    }
  }
  const sorted = timesMs.map((times) => times.toSorted((a, b) => a - b));
  const version = execFileSync(nodePath, ['--version'], { encoding: 'utf8' }).trim();
  return programs.map(({ name }, index) => [
    version,
    name,
    // The fastest run is the one that a busy machine disturbed least.
    ...[0.5, 0].flatMap((share) => {
      const [timeMs, emptyMs] = [quantile(sorted[index] ?? [], share), quantile(sorted[0] ?? [], share)];
      return [formatMs(timeMs), formatMs(timeMs - emptyMs)];
    }),
  ]);
}

function timeOf(nodePath: string, code: string, env: NodeJS.ProcessEnv): number {
  const startMs = performance.now();
  const { status } = spawnSync(nodePath, ['--input-type=module', '-e', code], { env, stdio: 'ignore' });
  if (status !== 0) throw new Error(`${nodePath} ended with ${status}: ${code}`);
  return performance.now() - startMs;
}

/** The Node of this machine, which comes on the PATH after that of the project. */
function systemNode(): string[] {
  const directories = (process.env['PATH'] ?? '').split(path.delimiter);
  const found = directories
    .filter((directory) => !directory.includes('node_modules'))
    .map((directory) => path.join(directory, 'node'))
    .find((file) => existsSync(file));
  return found === undefined ? [] : [found];
}
