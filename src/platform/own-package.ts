/** What is installed of portslice itself. */
import { fileSystem } from './file-system.ts';

const { createRequire } = process.getBuiltinModule('node:module');

/** What is read of a package.json. */
export interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export interface InstalledPackage {
  /** Of its package.json, without symbolic links where Node resolves them. */
  readonly file: string;
  readonly manifest: Manifest;
}

/** @throws Node's error if portslice is in no package */
export function findOwnPackage(): InstalledPackage {
  return readPackage(createRequire(import.meta.url ?? __filename).resolve('portslice/package.json'));
}

/** As Node finds it from that file; undefined: it is not installed there, or does not show its package.json. */
export function findPackageFrom(file: string, name: string): InstalledPackage | undefined {
  try {
    return readPackage(createRequire(file).resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}

/** A file of a package, as Node finds it from that file. */
export function findFileFrom(file: string, specifier: string): string | undefined {
  try {
    return createRequire(file).resolve(specifier);
  } catch {
    return undefined;
  }
}

function readPackage(file: string): InstalledPackage {
  return { file, manifest: JSON.parse(fileSystem().readFileSync(file, 'utf8')) as Manifest };
}
