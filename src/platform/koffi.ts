import type * as Koffi from 'koffi';
import { ForeignFunctionError } from '../errors/index.ts';
/**
 * Loads koffi, the foreign function interface. Its prebuilt addon is loaded directly where it is found beside koffi,
 * which is several times faster than koffi's own entry; elsewhere the entry is loaded, which also knows other builds.
 */
import { fileSystem } from './file-system.ts';

export type KoffiModule = Pick<typeof Koffi, 'load' | 'address' | 'view' | 'errno'>;

/** @param target the platform and the processor, such as 'linux-x64'. @throws ForeignFunctionError */
export function loadKoffi(target: string): KoffiModule {
  try {
    return loadPrebuiltKoffi(target);
  } catch {
    // Whatever the reason, the entry's own error is the better one to show.
    return loadKoffiEntry();
  }
}

/**
 * The fast way: no package is resolved and no JavaScript is loaded. Throws whatever goes wrong.
 * @internal
 */
export function loadPrebuiltKoffi(target: string): KoffiModule {
  const { existsSync } = fileSystem();
  const [operatingSystem, processor] = target.split('-');
  // Then this may be the C library of this process, and koffi knows how to tell.
  if (existsSync(`/lib/ld-musl-${process.arch === 'x64' ? 'x86_64' : 'aarch64'}.so.1`))
    throw new Error('a machine with musl');
  const addon = `@koromix/koffi-${target}/${operatingSystem}_${processor}/koffi.node`;
  const module = { exports: {} };
  process.dlopen(module, findBesideKoffi(addon));
  return module.exports as KoffiModule;
}

/** npm puts what koffi depends on beside koffi or into it, pnpm beside koffi's real folder. */
function findBesideKoffi(file: string): string {
  const { existsSync, realpathSync } = fileSystem();
  let folder = import.meta.dirname;
  while (folder !== '' && !existsSync(`${folder}/node_modules/koffi`))
    folder = folder.slice(0, folder.lastIndexOf('/'));
  const beside = `${folder}/node_modules/${file}`;
  if (existsSync(beside)) return beside;
  const koffi = realpathSync.native(`${folder}/node_modules/koffi`);
  const inside = `${koffi}/node_modules/${file}`;
  return existsSync(inside) ? inside : `${koffi}/../${file}`;
}

/** The slow way. @throws ForeignFunctionError @internal */
export function loadKoffiEntry(): KoffiModule {
  const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);
  try {
    return require('koffi') as KoffiModule;
  } catch (error) {
    throw describeFailure(error);
  }
}

function describeFailure(error: unknown): ForeignFunctionError {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ERR_DLOPEN_DISABLED') {
    return new ForeignFunctionError({
      problem: 'native addons are disabled in this process',
      fix: 'Start Node without --no-addons and, under --permission, with --allow-addons',
      cause: error,
    });
  }
  if (code === 'EMFILE' || code === 'ENFILE' || /too many open files/i.test((error as Error).message)) {
    return new ForeignFunctionError({
      problem: 'koffi does not load: too many open files',
      fix: 'Raise the limit (ulimit -n), or close what is not used',
      cause: error,
    });
  }
  return new ForeignFunctionError({
    problem: `koffi does not load (${(error as Error).message})`,
    fix: 'Install portslice with its optional dependencies (no --omit=optional) on this very platform',
    cause: error,
  });
}
