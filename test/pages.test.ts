/** The code in the README and in the pages of docs/ compiles and runs as it stands there, on the built package. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SystemNeed, systemNeeds } from '../scripts/system-needs.ts';
import { type Block, filesOf, layOut, type PageProjects, parseBlocks } from './support/page-projects.ts';

/** The only reason for a program not to run. e2e/playwright-package.spec.ts installs it, where it can. */
const NOT_INSTALLED = 'the package for component tests is not installed here';

const root = path.resolve(import.meta.dirname, '..');
const pages = ['README.md', ...globSync('docs/*.md', { cwd: root }).toSorted()];
const blocks = pages.flatMap((page) => parseBlocks(page, readFileSync(path.join(root, page), 'utf8')));
const fileBlocks = blocks.filter(({ kind }) => kind === 'file');
const files = fileBlocks.flatMap(filesOf);
const runs = blocks.filter(({ kind }) => kind === 'run');
const outputs = blocks.filter(({ kind }) => kind === 'output');

describe('The code blocks of the pages', () => {
  test('all say what they are', () => {
    expect(blocks.filter(({ kind }) => kind === undefined)).toEqual([]);
  });

  test('leave no program out', () => {
    const programs = blocks.filter(({ language }) => ['ts', 'tsx', 'js', 'json'].includes(language));
    expect(programs.filter((block) => block.kind !== 'file' && block.target !== NOT_INSTALLED)).toEqual([]);
    expect(sorted(runs.map(({ target }) => target))).toEqual(sorted(files.map(projectOf)));
  });

  test('name each file once', () => {
    expect(files).toHaveLength(new Set(files).size);
  });
});

describe('The code of the pages', () => {
  let projects: PageProjects;
  beforeAll(() => {
    projects = layOut(blocks, root);
  });
  afterAll(() => projects[Symbol.dispose]());

  test('compiles', async () => {
    const { status, stdout } = await projects.checkTypes();
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });

  test.for(runs)('runs as `$target` of $page', { timeout: 120_000 }, async ({ target, code }, { skip }) => {
    skip(uses(target, 'python3') && isMissing('python3'), 'python3 is missing');
    skip(uses(target, '@vitest/browser-playwright') && isMissing('chromium'), 'Chromium is missing');
    const result = await projects.run(target, code);
    expect(result).toMatchObject({ status: 0 });
    expect(result.stdout + result.stderr).not.toContain('PortsliceWarning');
    const expected = outputs.find((block) => block.target === target)?.code ?? result.stdout;
    expect(withoutPorts(result.stdout)).toBe(withoutPorts(expected));
  });
});

/** In CI a missing program is a failure: the test then runs, and fails. */
function isMissing(program: SystemNeed): boolean {
  return process.env['CI'] === undefined && systemNeeds()[program] === undefined;
}

function uses(project: string, name: string): boolean {
  return fileBlocks.some(
    (block: Block) => block.code.includes(name) && filesOf(block).some((file) => projectOf(file) === project),
  );
}

function projectOf(file: string): string {
  return file.slice(0, file.indexOf('/'));
}

function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].toSorted();
}

/** Ports differ from run to run. */
function withoutPorts(output: string): string {
  return output.replaceAll(/\b\d{4,5}\b/g, '<port>');
}
