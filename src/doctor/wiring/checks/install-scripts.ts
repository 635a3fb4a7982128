/** That nothing has to be allowed to run at the installation. */
import type * as NodePath from 'node:path';
import { fileSystem } from '../../../platform/file-system.ts';
import { findPackageFrom, type InstalledPackage } from '../../../platform/own-package.ts';
import { ok, warning, type WiringCheck } from '../finding.ts';

const { dirname, join }: typeof NodePath = process.getBuiltinModule('node:path');

const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall'];

export const installScripts: WiringCheck = {
  name: 'install-scripts',
  look: ({ portslice }) => {
    const packages = withDependencies(portslice);
    const some = packages.filter(hasInstallScript).map(({ manifest }) => manifest.name);
    if (some.length === 0)
      return ok(
        `None of the ${packages.length} packages that portslice needs has an install script, so that none has to be allowed`,
      );
    return warning(
      `An install script is in ${some.join(', ')}`,
      'portslice needs none: if ports work, ignore it; otherwise install the versions that portslice asks for.',
    );
  },
};

/** Those that are found: an optional one of another platform is not. */
function withDependencies(first: InstalledPackage): InstalledPackage[] {
  const found = new Map([[first.file, first]]);
  for (const { file, manifest } of found.values())
    for (const name of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })) {
      const next = findPackageFrom(file, name);
      if (next !== undefined) found.set(next.file, next);
    }
  return [...found.values()];
}

/** npm compiles a package that has a binding.gyp, and no script of its own. */
function hasInstallScript({ file, manifest }: InstalledPackage): boolean {
  return (
    INSTALL_SCRIPTS.some((name) => manifest.scripts?.[name] !== undefined) ||
    fileSystem().existsSync(join(dirname(file), 'binding.gyp'))
  );
}
