/** Runs the linter over test/lint-fixture, laid out as src/: each file there, but for the good ones, breaks one rule. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');
const fixture = path.join(root, 'test/lint-fixture');

const ruleBrokenBy: Readonly<Record<string, string>> = {
  'errors/index.ts': 'portslice(layers)',
  'entry-with-logic.ts': 'portslice(entries)',
  'cli/plugin.ts': 'portslice(layers)',
  'core/node.ts': 'portslice(packages)',
  'core/package.ts': 'portslice(packages)',
  'core/platform.ts': 'portslice(layers)',
  'platform/imports-node.ts': 'portslice(builtins)',
  'platform/imports-platform.ts': 'eslint(no-restricted-imports)',
  'platform/pool.ts': 'portslice(layers)',
  'platform/reads-environment.ts': 'eslint(no-restricted-properties)',
  'platform/reads-platform.ts': 'eslint(no-restricted-properties)',
  'plugin/playwright/vitest-folder.ts': 'portslice(layers)',
  'plugin/playwright/vitest.ts': 'portslice(packages)',
  'plugin/report/vitest.ts': 'portslice(layers)',
  'plugin/tinypool/playwright.ts': 'portslice(packages)',
  'plugin/vitest/cli.ts': 'portslice(layers)',
  'plugin/vitest/playwright.ts': 'portslice(packages)',
  'pool/session/claim.ts': 'portslice(layers)',
  'pool/claim/api.ts': 'portslice(layers)',
  'pool/cycle-one.ts': 'import(no-cycle)',
  'pool/cycle-two.ts': 'import(no-cycle)',
  'pool/plugin.ts': 'portslice(layers)',
  'pool/server.ts': 'portslice(layers)',
  'report/client.ts': 'portslice(layers)',
  'report/page/client/node.ts': 'portslice(packages)',
  'report/page/client/platform.ts': 'portslice(layers)',
  'report/preact.ts': 'portslice(packages)',
  'server/entry.ts': 'portslice(layers)',
  'server/plugin.ts': 'portslice(layers)',
};

/** These two may do what every other file may not. */
const goodFiles = ['platform/environment.ts', 'platform/platform.ts'];
const isGood = (file: string): boolean => path.basename(file) === 'good.ts' || goodFiles.includes(file);

describe('the layers of src/', () => {
  let project: string;
  let brokenRules: Map<string, Set<string>>;

  beforeAll(() => {
    project = mkdtempSync(path.join(tmpdir(), 'portslice-lint-'));
    cpSync(fixture, path.join(project, 'src'), { recursive: true });
    for (const name of ['.oxlintrc.json', 'tsconfig.json', 'package.json', 'scripts/lint']) {
      cpSync(path.join(root, name), path.join(project, name), { recursive: true });
    }
    symlinkSync(path.join(root, 'node_modules'), path.join(project, 'node_modules'), 'junction');
    brokenRules = lint(project);
  });
  afterAll(() => {
    rmSync(project, { recursive: true, force: true });
  });

  it.each(Object.entries(ruleBrokenBy))('rejects %s by %s', (file, rule) => {
    expect([...(brokenRules.get(file) ?? [])]).toContain(rule);
  });

  it('accepts every other file of the fixture', () => {
    const files = readdirSync(fixture, { recursive: true, encoding: 'utf8' })
      .map((file) => file.replaceAll('\\', '/'))
      .filter((file) => file.endsWith('.ts'));
    expect(files.filter((file) => !isGood(file)).toSorted()).toEqual(Object.keys(ruleBrokenBy).toSorted());
    expect([...brokenRules.keys()].filter(isGood)).toEqual([]);
  });
});

interface LintReport {
  diagnostics: readonly { code: string; filename: string }[];
}

/** The rules that each file breaks; keys are paths inside src/. */
function lint(project: string): Map<string, Set<string>> {
  // Only src: oxlint would follow the link to node_modules, and not come back.
  const linter = path.join(root, 'node_modules/oxlint/bin/oxlint');
  const { stdout } = spawnSync(process.execPath, [linter, '--format=json', 'src'], {
    cwd: project,
    encoding: 'utf8',
    timeout: 15_000,
  });
  const brokenRules = new Map<string, Set<string>>();
  for (const { code, filename } of (JSON.parse(stdout) as LintReport).diagnostics) {
    const file = path.relative('src', filename).replaceAll('\\', '/');
    brokenRules.set(file, (brokenRules.get(file) ?? new Set()).add(code));
  }
  return brokenRules;
}
