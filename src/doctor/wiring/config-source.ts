/** The configuration of a runner, with the files of the project that it imports. */
import type * as NodePath from 'node:path';
import type { Project } from './project.ts';
import { readIfThere } from './project.ts';
import { readSource, type SourceText, specifiersOf } from './source-text.ts';

const { isBuiltin } = process.getBuiltinModule('node:module');
const { dirname, resolve }: typeof NodePath = process.getBuiltinModule('node:path');

interface ConfigFile extends SourceText {
  readonly file: string;
}

export interface Configuration {
  readonly file: string;
  /** The first is the configuration itself; none if that cannot be read. */
  readonly files: readonly ConfigFile[];
  /** Packages that they import, Node's own left out. */
  readonly packages: readonly string[];
}

const ENDINGS = ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs'] as const;
/** More than any configuration has. */
const MAX_FILES = 30;

/** `vitest.config` in all its forms. */
function withEndings(name: string): string[] {
  return ENDINGS.map((ending) => `${name}.${ending}`);
}

/** @param names without endings, the first one that is there. @returns undefined if there is none */
export function readConfiguration(project: Project, names: readonly string[]): Configuration | undefined {
  const first = project.findHere(names.flatMap(withEndings));
  if (first === undefined) return undefined;
  const files = new Map<string, ConfigFile>();
  const packages = new Set<string>();
  const add = (file: string): void => {
    const text = files.has(file) || files.size >= MAX_FILES ? undefined : readIfThere(file);
    if (text === undefined) return;
    const source = readSource(text);
    files.set(file, { file, ...source });
    for (const specifier of specifiersOf(source)) {
      if (specifier.startsWith('.')) addImported(resolve(dirname(file), specifier));
      else if (!isBuiltin(specifier)) packages.add(specifier);
    }
  };
  const addImported = (path: string): void => candidatesOf(path).forEach(add);
  add(first);
  return { file: first, files: [...files.values()], packages: [...packages] };
}

/** As TypeScript and the runners find it: as it is written, with an ending, or with that of TypeScript in place of JavaScript's. */
function candidatesOf(path: string): string[] {
  return [path, path.replace(/\.([mc]?)js$/, '.$1ts'), ...withEndings(path), ...withEndings(`${path}/index`)];
}
