/** Which moduleResolution a tsconfig.json has, as TypeScript finds it. */
import type * as NodePath from 'node:path';
import { findFileFrom } from '../../platform/own-package.ts';
import { parseJSONC } from './jsonc.ts';
import { readIfThere } from './project.ts';
import { isAtLeast } from './version.ts';

const { dirname, isAbsolute, resolve }: typeof NodePath = process.getBuiltinModule('node:path');

export interface ModuleResolutionReading {
  readonly file: string;
  /** In lower case; undefined: not known. */
  readonly moduleResolution: string | undefined;
  /** Why it is not known. */
  readonly problem?: string;
}

interface TSConfig {
  readonly extends?: string | readonly string[];
  readonly files?: readonly string[];
  readonly include?: readonly string[];
  readonly references?: readonly { readonly path?: string }[];
  readonly compilerOptions?: { readonly module?: string; readonly moduleResolution?: string };
}

/** Of that file, or, if it only names others that are compiled each by itself, of those. */
export function moduleResolutionsOf(
  file: string,
  typescriptVersion: string | undefined,
): ModuleResolutionReading[] {
  const config = read(file);
  const { files, include, references = [] } = typeof config === 'string' ? {} : config;
  if (references.length === 0 || files?.length !== 0 || include !== undefined)
    return [readingOf(file, typescriptVersion)];
  return references.map(({ path = '' }) => {
    const target = resolve(dirname(file), path);
    return readingOf(target.endsWith('.json') ? target : resolve(target, 'tsconfig.json'), typescriptVersion);
  });
}

function readingOf(file: string, version: string | undefined): ModuleResolutionReading {
  try {
    const { module, moduleResolution } = collectOptions(file, new Set());
    return {
      file,
      moduleResolution: moduleResolution?.toLowerCase() ?? defaultOf(module?.toLowerCase(), version),
    };
  } catch (error) {
    return { file, moduleResolution: undefined, problem: (error as Error).message };
  }
}

type Options = NonNullable<TSConfig['compilerOptions']>;

/** What a later one says counts, and what the file itself says most. */
function collectOptions(file: string, seen: Set<string>): Options {
  if (seen.has(file)) return {};
  seen.add(file);
  const config = read(file);
  if (typeof config === 'string') throw new Error(config);
  const inherited = [config.extends ?? []].flat().map((base) => collectOptions(findBase(base, file), seen));
  return Object.assign({}, ...inherited, config.compilerOptions) as Options;
}

function findBase(base: string, file: string): string {
  if (!base.startsWith('.') && !isAbsolute(base)) {
    const found = [base, `${base}.json`, `${base}/tsconfig.json`]
      .map((each) => findFileFrom(file, each))
      .find(Boolean);
    if (found === undefined) throw new Error(`${base}, which it extends, is not found`);
    return found;
  }
  const target = resolve(dirname(file), base);
  return target.endsWith('.json') ? target : `${target}.json`;
}

/** @returns what is wrong with it, if it cannot be read */
function read(file: string): TSConfig | string {
  const text = readIfThere(file);
  if (text === undefined) return `${file} cannot be read`;
  try {
    return parseJSONC(text) as TSConfig;
  } catch {
    return `${file} is no JSON`;
  }
}

/** Where only the module is set, or nothing. */
function defaultOf(module: string | undefined, version: string | undefined): string {
  if (module !== undefined && /^node(?:16|18|20|next)$/.test(module)) return module;
  if (module === 'preserve') return 'bundler';
  // From 6 on. Where none is installed, it is the editor's.
  if (version === undefined || isAtLeast(version, '6.0')) return 'bundler';
  return module === undefined || ['commonjs', 'umd', 'amd', 'system', 'none'].includes(module)
    ? 'node10'
    : 'classic';
}
