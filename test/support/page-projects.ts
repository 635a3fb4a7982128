/**
 * The code blocks of the README and the pages as projects. The comment before a block says what it is:
 *
 *   file: <project>/<path>   a file of a project, or of several with commas between
 *   run: <project>           commands, run in the project's folder; output: <project>   what the commands print
 *   not run: <reason>
 *
 * A project can be spread over several pages: its name is the same everywhere.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { systemNeeds } from '../../scripts/system-needs.ts';
import { installBuiltPackage } from './built-package.ts';
import { cleanEnvironment } from './environment.ts';
import type { ScriptResult } from './run-script.ts';

export interface Block {
  /** The document, relative to the repository. */
  readonly page: string;
  /** Undefined where the comment is missing. */
  readonly kind: string | undefined;
  readonly target: string;
  readonly language: string;
  readonly code: string;
  /** Of the block's first line, from 1. */
  readonly line: number;
}

const BLOCK = /(?:<!-- (file|run|output|not run): (.+?) -->\n\n)?^```(\w*)\n(.*?)^```$/gms;

export function parseBlocks(page: string, markdown: string): Block[] {
  return [...markdown.matchAll(BLOCK)].map((match) => {
    const [, kind, target = '', language = '', code = ''] = match;
    const start = match.index + match[0].indexOf('```');
    return { page, kind, target, language, code, line: markdown.slice(0, start).split('\n').length };
  });
}

/** The files that a block of this kind is. */
export function filesOf({ target }: Block): string[] {
  return target.split(', ');
}

export interface PageProjects extends Disposable {
  /** Checks the types of all projects. */
  checkTypes(): Promise<ScriptResult>;
  run(project: string, commands: string): Promise<ScriptResult>;
}

/** Strict, as far as `tsc --init` makes it. */
const compilerOptions = {
  target: 'es2023',
  lib: ['es2023', 'esnext.disposable', 'dom'],
  module: 'nodenext',
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  erasableSyntaxOnly: true,
  allowImportingTsExtensions: true,
  noEmit: true,
  skipLibCheck: true,
};

/** Lays the files out in a temporary folder, in which the built package is installed as a copy. */
export function layOut(blocks: readonly Block[], root: string): PageProjects {
  const folder = mkdtempSync(path.join(tmpdir(), 'portslice-pages-'));
  installBuiltPackage(folder, root);
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*/*.ts'] }));
  for (const block of blocks)
    if (block.kind === 'file') for (const file of filesOf(block)) writeInto(folder, file, block.code);
  for (const block of blocks) if (block.kind === 'file') installAliases(folder, block);
  return {
    checkTypes: () => runIn(folder, 'node_modules/.bin/tsc -p .'),
    run: (project, commands) => runIn(path.join(folder, project), commands),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Where a package.json asks for this package under another name, as npm would. */
function installAliases(folder: string, block: Block): void {
  for (const file of filesOf(block).filter((one) => path.basename(one) === 'package.json')) {
    const { dependencies = {} } = JSON.parse(block.code) as { dependencies?: Record<string, string> };
    const aliases = Object.keys(dependencies).filter((name) =>
      dependencies[name]?.startsWith('npm:portslice@'),
    );
    for (const name of aliases) {
      const target = path.join(folder, path.dirname(file), 'node_modules', name);
      cpSync(path.join(folder, 'node_modules/portslice'), target, { recursive: true });
    }
  }
}

function writeInto(folder: string, target: string, code: string): void {
  const file = path.join(folder, target);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, code);
}

/** With this very Node, and with npx kept from looking for programs elsewhere. */
async function runIn(cwd: string, commands: string): Promise<ScriptResult> {
  const programs = path.join(cwd, '../node_modules/.bin');
  const searchPath = [path.dirname(process.execPath), programs, process.env['PATH']].join(path.delimiter);
  const env = cleanEnvironment({
    PATH: searchPath,
    npm_config_offline: 'true',
    NO_COLOR: '1',
    CHROMIUM: systemNeeds().chromium ?? '',
  });
  const child = spawn('sh', ['-ec', commands], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { status, stdout, stderr };
}
