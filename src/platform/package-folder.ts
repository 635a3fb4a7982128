/** The folder of a package, and what tells it from every other one. */
import type * as NodePath from 'node:path';
import { fileSystem } from './file-system.ts';

const nodePath: typeof NodePath = process.getBuiltinModule('node:path');

export interface PackageFolder {
  /** Without symbolic links. */
  readonly path: string;
  /**
   * 16 hexadecimal digits of its path, device and inode. Two containers both have /app, and packages of a monorepo are
   * not each other's.
   */
  readonly id: string;
}

/** The nearest folder that has a package.json, from `start` upwards; `start` itself where none has. @throws Node's error if there is no such folder */
export function findPackageFolder(start: string): PackageFolder {
  const { existsSync, realpathSync, statSync } = fileSystem();
  const { dirname, join } = nodePath;
  const first = realpathSync(start);
  let path = first;
  while (!existsSync(join(path, 'package.json'))) {
    const parent = dirname(path);
    if (parent === path) return identify(first, statSync(first, { bigint: true }));
    path = parent;
  }
  return identify(path, statSync(path, { bigint: true }));
}

function identify(path: string, { dev, ino }: { dev: bigint; ino: bigint }): PackageFolder {
  const hash = process.getBuiltinModule('node:crypto').createHash('sha256');
  return { path, id: hash.update(`${path}\0${dev}\0${ino}`).digest('hex').slice(0, 16) };
}
