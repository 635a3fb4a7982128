/** The project whose wiring is looked at: the folder in which the command was started, and the package that it lies in. */
import type * as NodePath from 'node:path';
import { fileSystem } from '../../platform/file-system.ts';
import {
  findOwnPackage,
  findPackageFrom,
  type InstalledPackage,
  type Manifest,
} from '../../platform/own-package.ts';
import { findPackageFolder } from '../../platform/package-folder.ts';

const nodePath: typeof NodePath = process.getBuiltinModule('node:path');

export class Project {
  /** Without symbolic links. */
  readonly folder: string;
  /** The nearest folder upwards that has a package.json. */
  readonly packageFolder: string;
  /** That of this process. */
  readonly portslice: InstalledPackage = findOwnPackage();
  /** Of the package, or why it is of no use. */
  readonly #manifest: Manifest | string;
  readonly #found = new Map<string, InstalledPackage | undefined>();

  constructor(folder: string) {
    this.folder = fileSystem().realpathSync(folder);
    this.packageFolder = findPackageFolder(folder).path;
    this.#manifest = readManifest(nodePath.join(this.packageFolder, 'package.json'));
  }

  /** As the project's own files find it. */
  find(name: string): InstalledPackage | undefined {
    if (!this.#found.has(name))
      this.#found.set(name, findPackageFrom(nodePath.join(this.folder, 'package.json'), name));
    return this.#found.get(name);
  }

  /** Whether the project asks for that package itself, and does not merely find it. */
  asksFor(name: string): boolean {
    if (typeof this.#manifest === 'string') return false;
    const { dependencies, devDependencies, optionalDependencies, peerDependencies } = this.#manifest;
    return [dependencies, devDependencies, optionalDependencies, peerDependencies].some(
      (each) => each?.[name] !== undefined,
    );
  }

  /** Why the package.json of the project is of no use, to Node neither; undefined: it is of use, or there is none. */
  get manifestProblem(): string | undefined {
    return typeof this.#manifest === 'string' ? this.#manifest : undefined;
  }

  /** The first of the files that is there. */
  findHere(names: readonly string[]): string | undefined {
    return names
      .map((name) => nodePath.join(this.folder, name))
      .find((file) => fileSystem().existsSync(file));
  }

  /** In the folder or, up to the package's, above it. */
  findAbove(name: string): string | undefined {
    for (let folder = this.folder; ; folder = nodePath.dirname(folder)) {
      const file = nodePath.join(folder, name);
      if (fileSystem().existsSync(file)) return file;
      if (folder === this.packageFolder || folder === nodePath.dirname(folder)) return undefined;
    }
  }

  /** A path for people. */
  nameOf(file: string): string {
    return nodePath.relative(this.folder, file) || '.';
  }
}

/** @returns what is wrong with it, if it is of no use */
function readManifest(file: string): Manifest | string {
  if (!fileSystem().existsSync(file)) return {};
  const text = readIfThere(file);
  if (text === undefined) return `${file} cannot be read`;
  try {
    const manifest: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
    if (typeof manifest === 'object' && manifest !== null) return manifest;
    return `${file} is no JSON object`;
  } catch (error) {
    return `${file} is no JSON: ${(error as Error).message}`;
  }
}

export function readIfThere(file: string): string | undefined {
  try {
    return fileSystem().readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
