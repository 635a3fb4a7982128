/**
 * Loads koffi, the foreign function interface. The prebuilt package of this machine is required directly, which is
 * several times faster than koffi's own entry; where that fails, the entry is loaded, which also knows other builds.
 */
import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';
import { ForeignFunctionError } from '../errors.ts';

export type KoffiModule = Pick<typeof Koffi, 'load' | 'address' | 'view' | 'errno'>;

const require = createRequire(import.meta.url);

/** @param target the platform and the processor, such as 'linux-x64'. @throws ForeignFunctionError */
export function loadKoffi(target: string): KoffiModule {
  try {
    return loadPrebuiltKoffi(target);
  } catch {
    // Whatever the reason, the entry's own error is the better one to show.
    return loadKoffiEntry();
  }
}

/** The fast way; throws whatever `require` throws. @internal */
export function loadPrebuiltKoffi(target: string): KoffiModule {
  const requireFromKoffi = createRequire(require.resolve('koffi'));
  return requireFromKoffi(`@koromix/koffi-${target}`) as KoffiModule;
}

/** The slow way. @throws ForeignFunctionError @internal */
export function loadKoffiEntry(): KoffiModule {
  try {
    return require('koffi') as KoffiModule;
  } catch (error) {
    throw describeFailure(error);
  }
}

function describeFailure(error: unknown): ForeignFunctionError {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ERR_DLOPEN_DISABLED') {
    return new ForeignFunctionError(
      'native addons are disabled in this process',
      'Start Node without --no-addons and, under --permission, with --allow-addons',
      error,
    );
  }
  return new ForeignFunctionError(
    `koffi does not load (${(error as Error).message})`,
    'Install portslice with its optional dependencies (no --omit=optional) on this very platform',
    error,
  );
}
