/**
 * Runs one test file many times beside busy loops, to find what fails or hangs rarely: `npm run test:hunt -- <file> [times]`.
 * A test that runs out of time has said where everybody stood, see test/support/watchdog.ts; the output of every run that
 * failed is kept.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const BUSY_LOOPS = 4;
const DEFAULT_TIMES = 25;

const [, , file, times = String(DEFAULT_TIMES)] = process.argv;
if (file === undefined || !/^[1-9]\d*$/.test(times)) {
  console.error('npm run test:hunt -- <test file> [times]');
  process.exit(2);
}

const folder = mkdtempSync(path.join(tmpdir(), 'portslice-hunt-'));
const loops = Array.from({ length: BUSY_LOOPS }, () =>
  // A loop ends with this process, however that ends.
  spawn(process.execPath, ['-e', `const parent = ${process.pid}; while (process.ppid === parent);`], {
    stdio: 'ignore',
  }),
);
let failures = 0;
try {
  for (let run = 1; run <= Number(times); run++) {
    const startMs = performance.now();
    const passed = runOnce(file, run);
    if (!passed) failures++;
    const seconds = Math.round((performance.now() - startMs) / 1000);
    console.log(
      `${run} of ${times}: ${passed ? 'passed' : 'FAILED'} in ${seconds} s; ${failures} failed so far`,
    );
  }
} finally {
  for (const loop of loops) loop.kill('SIGKILL');
}
console.log(`${file}: ${failures} of ${times} failed; their output is in ${folder}`);
process.exitCode = failures === 0 ? 0 : 1;

function runOnce(testFile: string, run: number): boolean {
  const { status, stdout, stderr } = spawnSync('vitest', ['run', testFile], {
    encoding: 'utf8',
    maxBuffer: Infinity,
  });
  if (status !== 0) writeFileSync(path.join(folder, `run-${run}.txt`), `${stdout}\n${stderr}`);
  return status === 0;
}
