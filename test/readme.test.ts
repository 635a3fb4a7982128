/** The README's code compiles and runs as it stands there, on the built package. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SystemNeed, systemNeeds } from '../scripts/system-needs.ts';
import { type Block, layOut, parseBlocks, type ReadmeProjects } from './support/readme-projects.ts';

const root = path.resolve(import.meta.dirname, '..');
const blocks = parseBlocks(readFileSync(path.join(root, 'README.md'), 'utf8'));
const files = blocks.filter(({ kind }) => kind === 'file');
const runs = blocks.filter(({ kind }) => kind === 'run');
const outputs = blocks.filter(({ kind }) => kind === 'output');

describe('The README', () => {
  test('says of every code block what it is', () => {
    expect(blocks.filter(({ kind }) => kind === undefined)).toEqual([]);
  });

  test('leaves no program out', () => {
    const programs = blocks.filter(({ language }) => ['ts', 'js', 'json'].includes(language));
    expect(programs.filter(({ kind }) => kind !== 'file')).toEqual([]);
    expect(sorted(runs.map(({ target }) => target))).toEqual(sorted(files.map(projectOf)));
  });

  test('names each file once', () => {
    expect(files.map(({ target }) => target)).toHaveLength(new Set(files.map(({ target }) => target)).size);
  });
});

describe("The README's code", () => {
  let projects: ReadmeProjects;
  beforeAll(() => {
    projects = layOut(blocks, root);
  });
  afterAll(() => projects[Symbol.dispose]());

  test('compiles', async () => {
    const { status, stdout } = await projects.checkTypes();
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });

  test.for(runs)('runs as `$target`', { timeout: 120_000 }, async ({ target, code }, { skip }) => {
    skip(usesPython(target) && isMissing('python3'), 'python3 is missing');
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

function usesPython(project: string): boolean {
  return files.some((file) => projectOf(file) === project && file.code.includes('python3'));
}

function projectOf({ target }: Block): string {
  return target.slice(0, target.indexOf('/'));
}

function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].toSorted();
}

/** Ports differ from run to run. */
function withoutPorts(output: string): string {
  return output.replaceAll(/:\d{4,5}\b/g, ':<port>');
}
