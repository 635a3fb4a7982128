/**
 * The package as its users have it: packed by `npm pack`, from a copy of the repository so that the build disturbs nobody,
 * and unpacked in the `node_modules` of a new project beside its dependency. The runners are links.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** What the copy of the repository needs not, or must not have. */
const LEFT_OUT = new Set(['node_modules', 'dist', '.git', '.tmp', 'test', 'test-results', 'e2e', 'examples']);
const root = path.resolve(import.meta.dirname, '..');
const prebuiltKoffi = `@koromix/koffi-${process.platform}-${process.arch}`;

/**
 * How koffi was installed: with its prebuilt package, or compiled, which only koffi's own entry knows how to find.
 */
export type KoffiInstallation = 'prebuilt' | 'compiled';

export interface Installation extends Disposable {
  readonly dir: string;
  /** Writes a file of the project. @returns its path */
  readonly write: (name: string, content: string) => string;
}

export function installPackage(koffi: KoffiInstallation = 'prebuilt'): Installation {
  const dir = realpathSync(mkdtempSync(path.join(tmpdir(), 'portslice-bench-')));
  const remove = (): void => rmSync(dir, { recursive: true, force: true });
  try {
    fillPackages(dir, koffi);
  } catch (error) {
    remove();
    throw error;
  }
  const write = (name: string, content: string): string => {
    const file = path.join(dir, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  };
  write('package.json', '{ "type": "module" }');
  return { dir, write, [Symbol.dispose]: remove };
}

function fillPackages(dir: string, koffi: KoffiInstallation): void {
  const packages = path.join(dir, 'node_modules');
  unpack(pack(dir), path.join(packages, 'portslice'));
  copyPackage('koffi', packages);
  if (koffi === 'prebuilt') copyPackage(prebuiltKoffi, packages);
  else copyCompiledKoffi(packages);
  for (const name of ['vitest', '@playwright'])
    symlinkSync(path.join(root, 'node_modules', name), path.join(packages, name));
}

function pack(dir: string): string {
  const copy = path.join(dir, 'repository');
  mkdirSync(copy);
  for (const name of readdirSync(root).filter((entry) => !LEFT_OUT.has(entry)))
    cpSync(path.join(root, name), path.join(copy, name), { recursive: true });
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
  const { status, stdout, stderr } = spawnSync('npm', ['pack', '--pack-destination', dir], {
    cwd: copy,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`npm pack failed:\n${stdout}${stderr}`);
  rmSync(copy, { recursive: true });
  const tarball = readdirSync(dir).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack made no package');
  return path.join(dir, tarball);
}

function unpack(tarball: string, target: string): void {
  mkdirSync(target, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', target, '--strip-components=1']);
}

function copyPackage(name: string, packages: string): void {
  cpSync(path.join(root, 'node_modules', name), path.join(packages, name), { recursive: true });
}

/** Where a compiled one lies: koffi's entry looks there if the prebuilt package is missing. */
function copyCompiledKoffi(packages: string): void {
  const toolchain = `${process.platform}_${process.arch}`;
  const source = path.join(root, 'node_modules', prebuiltKoffi, toolchain);
  cpSync(source, path.join(packages, 'koffi/build/koffi', toolchain), { recursive: true });
}
