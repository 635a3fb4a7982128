/** Bun and Deno, from their packages for this machine, and Bun's build for musl. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { installed } from './installed-packages.ts';
import { neededProgram } from './needed-program.ts';
import { type Project, test } from './project.ts';

const BUN = '1.4.5';
const DENO = '2.9.6';

interface Runtime {
  /** The program with the arguments that come before the user's. */
  readonly command: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
}

export function bun(): Runtime {
  return { command: [bunProgram(''), 'run'] };
}

/** `bunx vitest`. With `--bun` Bun runs it, without it Node does, as its first line says. */
export function bunx(...options: readonly string[]): Runtime {
  return { command: [bunProgram(''), ...options, 'x'] };
}

export function deno(): Runtime {
  const name = `@deno/${process.platform}-${process.arch}${process.platform === 'linux' ? '-glibc' : ''}`;
  const folder = installed('deno', { [name]: DENO });
  return { command: [path.join(folder, 'node_modules', name, 'deno'), 'run', '--allow-all'] };
}

/** Bun for musl's C library. It needs a libstdc++, and Debian's needs a few functions of glibc. */
export function bunOnMusl(project: Project): Runtime {
  test.skip(process.arch !== 'x64', 'the libraries are named as on x64');
  const libraries = path.join(project.dir, 'musl');
  mkdirSync(libraries);
  const additions = path.join(libraries, 'ld-linux-x86-64.so.2');
  const source = path.join(import.meta.dirname, 'musl-additions.c');
  execFileSync(neededProgram('musl-gcc'), ['-shared', '-fPIC', '-o', additions, source]);
  for (const name of ['libstdc++.so.6', 'libgcc_s.so.1']) {
    const found = execFileSync(neededProgram('cc'), [`-print-file-name=${name}`], { encoding: 'utf8' });
    symlinkSync(path.resolve(found.trim()), path.join(libraries, name));
  }
  return {
    command: [bunProgram('-musl'), 'run'],
    env: { LD_LIBRARY_PATH: libraries, LD_PRELOAD: additions },
  };
}

function bunProgram(suffix: string): string {
  const processor = process.arch === 'arm64' ? 'aarch64' : process.arch;
  const name = `@oven/bun-${process.platform}-${processor}${suffix}`;
  // npm takes this machine's C library for the only one.
  const folder = installed('bun', { [name]: BUN }, suffix === '' ? [] : ['--force']);
  return path.join(folder, 'node_modules', name, 'bin/bun');
}
