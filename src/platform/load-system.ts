/**
 * Loads the code of an operating system that most processes do not run on, synchronously, at its first use: compiled with all
 * the rest, it would cost each of them most of a millisecond.
 */
import type { Platform } from './port-kernel.ts';

/** @param name of its folder, whose platform.ts exports `system`. It is loaded when the first of its functions is asked for. */
export function loadLater(name: string, unsupported: Platform): Platform {
  let loaded: Platform | undefined;
  const load = (): Platform => (loaded ??= { ...unsupported, ...requireSystem(name) });
  const members = (Object.keys(unsupported) as (keyof Platform)[]).map((member) => [
    member,
    (...args: never[]): unknown => (load()[member] as (...all: never[]) => unknown)(...args),
  ]);
  return Object.fromEntries(members) as Platform;
}

/** Where this file or the bundle of it lies; if portslice was bundled by somebody else, where portslice is installed. */
function requireSystem(name: string): Partial<Platform> {
  const { createRequire } = process.getBuiltinModule('node:module');
  const here = import.meta.url ?? __filename;
  const require = createRequire(here);
  // In the sources it is TypeScript; a bundler's own file may have any name.
  const file = `${name}/platform${/\.[jt]s(?=$|\?)/.exec(here)?.[0] ?? '.js'}`;
  try {
    return (require(`./${file}`) as { system: Partial<Platform> }).system;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    const installed = createRequire(require.resolve('portslice/package.json'));
    return (installed(`./dist/${name}/platform.js`) as { system: Partial<Platform> }).system;
  }
}
