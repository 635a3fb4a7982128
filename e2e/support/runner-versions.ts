/** The versions of the runners and of Node that the fixtures are tried with: the oldest of each that we promise, and the newest. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { installed } from './installed-packages.ts';
import { installation, repository } from './package.ts';

/** What a runner starts its workers as. */
export type WorkerKind = 'forks' | 'threads' | 'vmThreads' | 'processes' | 'worker_threads' | 'child_process';

export interface RunnerVersion {
  readonly runner: 'Vitest' | 'Playwright' | 'tinypool';
  readonly version: string;
  /** What is installed for it; nothing for the version that is ours. */
  readonly packages?: Readonly<Record<string, string>>;
  readonly workerKinds: readonly WorkerKind[];
  /** Major versions of Node that its own package does not ask for. */
  readonly withoutNode?: readonly number[];
  /** Major versions of Node on which it hangs at a configuration that is an ES module, with and without portslice. */
  readonly commonJsOn?: readonly number[];
}

const VITEST_KINDS: readonly WorkerKind[] = ['forks', 'threads', 'vmThreads'];
const TINYPOOL_KINDS: readonly WorkerKind[] = ['child_process', 'worker_threads'];

export const RUNNER_VERSIONS: readonly RunnerVersion[] = [
  vitest('3.2.0', '7.3.8'),
  vitest('4.1.12', '8.3.8'),
  { runner: 'Vitest', version: ownVersion('vitest'), workerKinds: VITEST_KINDS, withoutNode: [20] },
  {
    runner: 'Playwright',
    version: '1.50.0',
    packages: { '@playwright/test': '1.50.0' },
    workerKinds: ['processes'],
    commonJsOn: [24, 26],
  },
  { runner: 'Playwright', version: ownVersion('@playwright/test'), workerKinds: ['processes'] },
  { runner: 'tinypool', version: '1.1.0', packages: { tinypool: '1.1.0' }, workerKinds: TINYPOOL_KINDS },
  { runner: 'tinypool', version: ownVersion('tinypool'), workerKinds: TINYPOOL_KINDS },
];

/** From the oldest on that we promise; the last one runs these tests. */
export const NODE_VERSIONS: readonly string[] = ['20.19.0', '22.23.3', '24.19.0', process.versions.node];

function vitest(version: string, vite: string): RunnerVersion {
  return { runner: 'Vitest', version, packages: { vitest: version, vite }, workerKinds: VITEST_KINDS };
}

function ownVersion(name: string): string {
  const manifest = path.join(repository, 'node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

export function majorOf(version: string): number {
  return Number.parseInt(version, 10);
}

/** The path of that Node's program. */
export function nodeProgram(version: string): string {
  if (version === process.versions.node) return process.execPath;
  const system = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${system}-${process.arch}`;
  const folder = path.join(installed('node', { [name]: version }), 'node_modules', name, 'bin');
  return path.join(folder, process.platform === 'win32' ? 'node.exe' : 'node');
}

/** The folder with `node_modules` in which the runner is. */
export function folderOf({ runner, packages }: RunnerVersion): string {
  return packages === undefined ? installation().dir : installed(runner.toLowerCase(), packages);
}
