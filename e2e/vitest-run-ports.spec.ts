import { expect, test } from './support/project.ts';
import { runVitest, vitestFiles } from './support/vitest-project.ts';
import { expectNoneLocked } from './support/what-is-left.ts';

const TESTS = `
import { execFileSync } from 'node:child_process';
import { runPort } from 'portslice';
import { expect, inject, test } from 'vitest';
import { note } from './inside.ts';

test('the run agrees', () => {
  const injected: number = inject('runPort:web');
  note('web ' + injected);
  expect(runPort('web')).toBe(injected);
  const child = execFileSync('node', ['--input-type=module', '-e', "import { runPort } from 'portslice'; console.log(runPort('web'))"]);
  expect(Number(child)).toBe(injected);
  expect(() => runPort('api')).toThrow("has no run port 'api'");
});
`;

function filesWith(settings: string): Readonly<Record<string, string>> {
  const files = vitestFiles(settings, { 'one.test.ts': TESTS, 'two.test.ts': TESTS });
  const config = files['vitest.config.ts'] as string;
  return {
    ...files,
    'vitest.config.ts': `import { runPort } from 'portslice';\nconst port = runPort('web');\n${config}`,
  };
}

for (const pool of ['forks', 'threads', 'vmThreads']) {
  test(`all tests and their processes have the run port of the configuration, in ${pool}, and in the next run`, async ({
    createProject,
  }) => {
    const project = await createProject(filesWith(`pool: '${pool}', env: { PORT: String(port) }`));
    const first = await runVitest(project);
    const second = await runVitest(project);
    for (const { exitCode, output } of [first, second]) {
      expect(exitCode, output).toBe(0);
      expect(output).not.toContain('portslice:');
    }
    // The log is that of both.
    const ports = second.notes('web ');
    expect(ports).toHaveLength(4);
    expect(new Set(ports).size).toBe(1);
    await expectNoneLocked(project);
  });
}

test('projects of one run have the same run port, and one of another folder has its own', async ({
  createProject,
}) => {
  const project = await createProject({
    ...filesWith(`projects: ['packages/*'],`),
    'packages/a/package.json': '{ "type": "module" }',
    'packages/a/vitest.config.ts':
      "import { runPort } from 'portslice'; runPort('web'); export default { test: { name: 'a', testTimeout: 30_000, include: ['*.test.ts'] } };",
    'packages/a/a.test.ts':
      "import { runPort } from 'portslice'; import { expect, test } from 'vitest'; test('web', () => { expect(runPort('web')).toBeGreaterThan(0); });",
    'packages/b/package.json': '{ "type": "module" }',
    'packages/b/vitest.config.ts': `
      import { runPort } from 'portslice';
      export default { test: { name: 'b', testTimeout: 30_000, include: ['*.test.ts'], env: { OWN: String(runPort('web', { folder: import.meta.dirname })) } } };
    `,
    'packages/b/b.test.ts': `
      import { runPort } from 'portslice';
      import { expect, test } from 'vitest';
      test('web', () => {
        const own = runPort('web', { folder: import.meta.dirname });
        expect(String(own)).toBe(process.env.OWN);
        expect(runPort('web')).not.toBe(own);
      });
    `,
  });
  const run = await runVitest(project);
  expect(run.exitCode, run.output).toBe(0);
  expect(run.titles('passed')).toEqual(['web', 'web']);
});

test('a run that a test starts has run ports of its own', async ({ createProject }) => {
  const project = await createProject({
    ...filesWith('include: ["outer.test.ts"],'),
    'outer.test.ts': `
      import { execFileSync } from 'node:child_process';
      import { runPort } from 'portslice';
      import { test } from 'vitest';
      import { note } from './inside.ts';
      test('outer', { timeout: 60_000 }, () => {
        note('outer ' + runPort('web'));
        execFileSync('vitest', ['run', '--config', 'inner.config.ts'], { stdio: 'inherit' });
      });
    `,
    'inner.config.ts': `
      import { runPort } from 'portslice';
      import portslice from 'portslice/vitest/plugin';
      runPort('web');
      export default { plugins: [portslice()], test: { testTimeout: 30_000, include: ['inner.test.ts'] } };
    `,
    'inner.test.ts': `
      import { runPort } from 'portslice';
      import { test } from 'vitest';
      import { note } from './inside.ts';
      test('inner', () => { note('inner ' + runPort('web')); });
    `,
  });
  const run = await runVitest(project);
  expect(run.exitCode, run.output).toBe(0);
  const [outer, innerPort] = [run.notes('outer '), run.notes('inner ')];
  expect([outer, innerPort].map(({ length }) => length)).toEqual([1, 1]);
  expect(innerPort).not.toEqual(outer);
});
