/**
 * Loads code that most processes do not need, synchronously, at its first use: that of another operating system, and that of
 * the trace. Compiled with all the rest, it would cost each of them most of a millisecond.
 */
import { ForeignFunctionError } from '../errors/index.ts';

/**
 * @param file of an operating system's folder, such as 'darwin/platform', which exports `system`. It is loaded when the first of its
 *   functions is asked for.
 * @param unsupported answers for what is missing there
 */
export function loadLater<T extends object>(file: string, unsupported: T): T {
  let loaded: T | undefined;
  const load = (): T =>
    (loaded ??= {
      ...unsupported,
      ...(requireLater(file) as { system: Partial<T> }).system,
    });
  const members = (Object.keys(unsupported) as (keyof T)[]).map((member) => [
    member,
    (...args: never[]): unknown => (load()[member] as (...all: never[]) => unknown)(...args),
  ]);
  return Object.fromEntries(members) as T;
}

/**
 * From beside this file or the bundle of it; if portslice was bundled by somebody else, from where portslice is installed.
 * @throws ForeignFunctionError if it is neither here nor there
 */
export function requireLater(file: string): unknown {
  const { createRequire } = process.getBuiltinModule('node:module');
  const here = import.meta.url ?? __filename;
  const require = createRequire(here);
  // In the sources it is TypeScript; a bundler's own file may have any name.
  const extension = /\.[jt]s(?=$|\?)/.exec(here)?.[0] ?? '.js';
  try {
    return require(`./${file}${extension}`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_REQUIRE_ESM') throw describeOldNode(error);
    if (code !== 'MODULE_NOT_FOUND') throw error;
    const installed = createRequire(findInstalled(require, error));
    return installed(`./dist/${file}.js`);
  }
}

/** @param cause why it is looked for */
function findInstalled(require: NodeJS.Require, cause: unknown): string {
  try {
    return require.resolve('portslice/package.json');
  } catch {
    throw new ForeignFunctionError({
      problem: 'the code for this system is neither in this file nor in an installed package portslice',
      fix: 'Keep portslice external in the bundle',
      cause,
    });
  }
}

function describeOldNode(cause: unknown): ForeignFunctionError {
  return new ForeignFunctionError({
    problem: `Node ${process.versions.node} does not load ES modules with require, which it takes on this system`,
    fix: 'Use Node 20.19 or a later 20, or 22.12 or later, without --no-experimental-require-module',
    cause,
  });
}
