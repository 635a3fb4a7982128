/**
 * The code of systems other than Linux, read when something of it is first needed: on Linux, nobody has to wait for it. Read at once and
 * not by `import()`, since claims are synchronous; every Node that portslice runs on can `require` a module of this kind.
 */
import type { Platform } from './port-kernel.ts';

/** Named as its folder, and as what its platform.ts exports. */
type OtherSystem = 'darwin' | 'windows';

/** @param rest answers for what the system's own code does not have */
export function otherSystem(name: OtherSystem, rest: Platform): Platform {
  let loaded: Platform | undefined;
  const load = (): Platform => (loaded ??= { ...rest, ...loadSystem(name) });
  const members = (Object.keys(rest) as (keyof Platform)[]).map((member) => [
    member,
    (...args: never[]): unknown => (load()[member] as (...all: never[]) => unknown)(...args),
  ]);
  return Object.fromEntries(members) as Platform;
}

/** Beside this file, as source or as built; or, if portslice was bundled, where portslice is installed. */
function loadSystem(name: OtherSystem): Partial<Platform> {
  const { createRequire } = process.getBuiltinModule('node:module');
  // In a bundle of CommonJS import.meta is empty, and there is __filename instead.
  const here = import.meta.url ?? __filename;
  const require = createRequire(here);
  const file = `${name}/platform.${/\.ts(?:\?|$)/.test(here) ? 'ts' : 'js'}`;
  let exported: unknown;
  try {
    exported = require(`./${file}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    exported = createRequire(require.resolve('portslice/package.json'))(`./dist/${file}`);
  }
  return (exported as Readonly<Record<OtherSystem, Partial<Platform>>>)[name];
}
