/** docs/command.md says the same of the commands as they themselves. e2e/command.spec.ts produces the codes. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { EXIT_CODES } from '../../src/cli/exit-codes.ts';

const root = path.resolve(import.meta.dirname, '../..');
const page = readFileSync(path.join(root, 'docs/command.md'), 'utf8');
const sections = new Map(
  page.split(/^## /m).map((section) => [section.slice(0, section.indexOf('\n')), section] as const),
);

test.for(Object.entries(EXIT_CODES))('The page lists the exit codes of portslice %s', ([name, codes]) => {
  const section = sections.get(`portslice ${name}`) ?? '';
  const rows = [...section.matchAll(/^\| (\d+) \| (.*) \|$/gm)].map(([, code, meaning]) => ({
    code: Number(code),
    meaning,
  }));
  expect(rows).toEqual(codes);
  expect(page).toContain(`](#portslice-${name})`);
});

test('The page names the schemas that there are', () => {
  const named = [...page.matchAll(/\| `(schemas\/[\w-]+\.schema\.json)` \|/g)].map(([, file = '']) => file);
  expect(named.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
  expect(named).toHaveLength(Object.keys(EXIT_CODES).length);
});
