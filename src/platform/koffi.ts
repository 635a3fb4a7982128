/**
 * Loads koffi, the foreign function interface: the prebuilt addon of this platform, without any JavaScript of koffi's own.
 * Each platform's addon is a package, and an optional dependency, so that a package manager installs the one that fits.
 */
import { ForeignFunctionError } from '../errors/index.ts';
import { fileSystem } from './file-system.ts';
import { runsOnMusl } from './linux/program-interpreter.ts';

/** What portslice uses of koffi. */
export interface KoffiModule {
  /** @param path of a library; null for what the process has loaded already */
  load(path: string | null): LibraryHandle;
  address(value: NodeJS.ArrayBufferView): bigint;
  view(pointer: bigint, byteLength: number): ArrayBuffer;
  /** Of the last call of this thread. */
  errno(): number;
}

export interface LibraryHandle {
  /** @param prototype in C. The caller declares in TypeScript what it says. */
  // oxlint-disable-next-line typescript/no-explicit-any -- no other type can be assigned to every function
  func(prototype: string): (...args: any[]) => any;
}

/** Binds a function on its first call, since not every thread needs it. To terminate a thread while koffi binds aborts the process. */
export function bindLater(library: LibraryHandle, prototype: string): ReturnType<LibraryHandle['func']> {
  let bound: ((...args: unknown[]) => unknown) | undefined;
  return (...args: unknown[]): unknown => (bound ??= library.func(prototype))(...args);
}

/** The version of the addon packages. SYNC: optionalDependencies in package.json. */
export const KOFFI_VERSION = '3.3.4';

/** The folder of the addon in its package, by platform and processor; on musl it is another one. */
export const ADDON_FOLDERS: Readonly<
  Record<string, { readonly folder: string; readonly muslFolder?: string }>
> = {
  'linux-x64': { folder: 'linux_x64', muslFolder: 'musl_x64' },
  'linux-arm64': { folder: 'linux_arm64', muslFolder: 'musl_arm64' },
  'linux-riscv64': { folder: 'linux_riscv64d' },
  'linux-loong64': { folder: 'linux_loong64' },
  'darwin-x64': { folder: 'darwin_x64' },
  'darwin-arm64': { folder: 'darwin_arm64' },
  'win32-x64': { folder: 'win32_x64' },
  'win32-arm64': { folder: 'win32_arm64' },
};

/** @param target the platform and the processor, such as 'linux-x64'. @throws ForeignFunctionError */
export function loadKoffi(target: string): KoffiModule {
  const module = { exports: {} };
  try {
    process.dlopen(module, findAddon(`@koromix/koffi-${target}`, chooseFolder(target)));
  } catch (error) {
    throw error instanceof ForeignFunctionError ? error : describeFailure(target, error);
  }
  return module.exports as KoffiModule;
}

function chooseFolder(target: string): string {
  const folders = ADDON_FOLDERS[target];
  const isMusl = target.startsWith('linux-') && runsOnMusl();
  const chosen = isMusl ? folders?.muslFolder : folders?.folder;
  if (chosen !== undefined) return chosen;
  throw new ForeignFunctionError({
    problem: `koffi has no prebuilt addon for ${target}${isMusl ? ' with musl' : ''}`,
    fix: `Run the tests on one of ${Object.keys(ADDON_FOLDERS).join(', ')}`,
  });
}

/**
 * Where package managers put it is found by looking; Node's own search takes a millisecond more, and knows the other places.
 * The paths are put together as text: for a few calls of path.join V8 optimises it, which takes 0.4 ms.
 */
function findAddon(packageName: string, folder: string): string {
  const { dirname, sep } = process.getBuiltinModule('node:path');
  const addon = ['node_modules', ...packageName.split('/'), folder, 'koffi.node'].join(sep);
  for (let above = sourceFolder(); ; above = dirname(above)) {
    const candidate = `${above}${sep}${addon}`;
    if (fileSystem().existsSync(candidate)) return candidate;
    if (above === dirname(above)) return resolveAddon(`${packageName}/${folder}/koffi.node`);
  }
}

/** As Node resolves it from here, or, if portslice was bundled, from where portslice is installed. */
function resolveAddon(specifier: string): string {
  const { createRequire } = process.getBuiltinModule('node:module');
  const require = createRequire(import.meta.url ?? __filename);
  try {
    return require.resolve(specifier);
  } catch (error) {
    try {
      return createRequire(require.resolve('portslice/package.json')).resolve(specifier);
    } catch {
      throw error;
    }
  }
}

/** In a bundle of CommonJS import.meta is empty, and there is __dirname instead. */
function sourceFolder(): string {
  return import.meta.dirname ?? __dirname;
}

function describeFailure(target: string, error: unknown): ForeignFunctionError {
  const { code, message, name } = error as NodeJS.ErrnoException;
  if (name === 'NotCapable') {
    const [denied] = message.split(', run again');
    return new ForeignFunctionError({
      problem: `Deno does not allow it (${denied})`,
      fix: 'Start Deno with --allow-all',
      cause: error,
    });
  }
  if (code === 'ERR_DLOPEN_DISABLED') {
    return new ForeignFunctionError({
      problem: 'native addons are disabled in this process',
      fix: 'Start Node without --no-addons and, under --permission, with --allow-addons',
      cause: error,
    });
  }
  if (code === 'EMFILE' || code === 'ENFILE' || /too many open files/i.test(message)) {
    return new ForeignFunctionError({
      problem: 'koffi does not load: too many open files',
      fix: 'Raise the limit (ulimit -n), or close what is not used',
      cause: error,
    });
  }
  if (code === 'MODULE_NOT_FOUND') return describeMissingPackage(`@koromix/koffi-${target}`, error);
  return new ForeignFunctionError({
    problem: `koffi does not load (${message})`,
    fix: 'Install the dependencies again, on this very platform',
    cause: error,
  });
}

function describeMissingPackage(name: string, cause: unknown): ForeignFunctionError {
  return new ForeignFunctionError({
    problem: `the package ${name} is not installed`,
    fix:
      `It is an optional dependency of portslice, made for this platform: install without --omit=optional and on this very ` +
      `platform, or add it with 'npm install --save-dev ${name}@${KOFFI_VERSION}'. If portslice was bundled, keep it external`,
    cause,
  });
}
