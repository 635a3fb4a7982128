/** Each part of the benchmark runs in its short form and gives its numbers. How good they are is not asked here. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { findCompiler } from '../../bench/claim-calls.ts';
import { PARTS } from '../../bench/parts.ts';
import { cleanEnvironment } from '../support/environment.ts';
import { projectFolder } from '../support/run-script.ts';

const TIMEOUT_MS = 300_000;

/** What each part sets a bar for. */
const BARS: Readonly<Record<string, readonly string[]>> = {
  processes: [
    "first port, private pool, beside get-port's first port",
    "first port, the run's pool, beside get-port's first port",
    'global setup of Vitest, beside an empty process',
    'global setup of Playwright, beside an empty process',
  ],
  runners: [
    ...['Vitest, forks', 'Vitest, threads'].flatMap((runner) => [
      `${runner}: a file with \`port\`, beside without portslice`,
      `${runner}: a file with our \`test\` and no port, beside without portslice`,
      `${runner}: a test with \`port\`, beside without portslice`,
    ]),
    'Playwright: a file with `port`, beside without portslice',
    'Playwright: a test with `port`, beside without portslice',
  ],
  claims: [
    ...['bare koffi', 'get-port-please'].map(
      (base) => `a claim and its release, \`new TCPPortOwner()\`, beside ${base}`,
    ),
    ...['listen(0)', 'get-port-please', 'get-port', 'portfinder', 'detect-port'].map(
      (base) => `a claim after idling, \`new TCPPortOwner()\`, beside ${base}`,
    ),
  ],
  flat: [
    'a cycle while 80 ports are held, beside none held',
    ...(findCompiler() !== undefined ? ['a cycle while 400 ports are held, beside the same calls in C'] : []),
    'a cycle with 64 slices, all ports have rested, beside 1 slice',
    'a cycle with 64 slices, no port has rested, beside 1 slice',
  ],
  'runs-at-once': ['Vitest, forks', 'Playwright'].flatMap((runner) => [
    `${runner}: 2 runs at once`,
    `${runner}: the slowest of 2 runs at once, wall time`,
  ]),
  storm: ['portslice under contention'],
  readiness: [
    'waiting for 4 servers, `startServer`, beside by connect',
    'nine of ten of 4 servers waited for at once',
  ],
  reports: [],
  page: [1_000, 20_000].flatMap((testCount) => [
    `the page of ${testCount} tests is seen`,
    `nine of ten frames while the page of ${testCount} tests moves`,
  ]),
};

it('Every part of the benchmark is tested here, and has a command', () => {
  const { scripts } = JSON.parse(readFileSync(path.join(projectFolder, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const commands = Object.keys(scripts).filter((name) => name.startsWith('bench:'));
  expect(Object.keys(BARS)).toEqual([...PARTS.keys()]);
  expect(commands.toSorted()).toEqual([...PARTS.keys()].map((name) => `bench:${name}`).toSorted());
});

it.for(Object.entries(BARS))(
  'The part %s gives all its numbers',
  { timeout: TIMEOUT_MS },
  async ([name, bars]) => {
    const args = [path.join(projectFolder, 'bench/run.ts'), name];
    const env = cleanEnvironment({ PORTSLICE_BENCH: 'quick' });
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    expect(stdout).not.toMatch(/NaN|Infinity|undefined/);
    const [, table = ''] = stdout.split('| what | wanted | measured | met |');
    const rows = table.matchAll(
      /^\| (?<what>.*?) \| (?<wanted>.*?) \| .*?\d.*? \| (?:yes|\*\*no\*\*, by .*?) \|$/gm,
    );
    expect(Array.from(rows, ({ groups }) => groups?.['what'])).toEqual(bars);
  },
);
