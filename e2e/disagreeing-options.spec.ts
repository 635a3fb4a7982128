import { stripVTControlCharacters } from 'node:util';
import { installed } from './support/installed-packages.ts';
import { playwrightFiles, runPlaywright } from './support/playwright-project.ts';
import { expect, type ProjectFiles, test } from './support/project.ts';
import { runVitest, startVitest } from './support/vitest-project.ts';
import { useVitest } from './support/vitest-versions.ts';

const VERSIONS = [
  { name: '3.2.7', packages: { vitest: '3.2.7', vite: '7.3.8' } },
  { name: '4.1.12', packages: { vitest: '4.1.12', vite: '8.3.8' } },
  { name: '5', packages: undefined },
];

/** Two projects, each with a configuration of its own. */
function twoProjects(options: Readonly<Record<'a' | 'b', string>>, tests: string): ProjectFiles {
  const config = (name: 'a' | 'b'): string => `
    import portslice from 'portslice/vitest/plugin';
    export default { plugins: [portslice(${options[name]})], test: { name: '${name}', testTimeout: 30_000 } };
  `;
  return {
    'vitest.config.ts': `export default { test: { projects: ['a', 'b'] } };`,
    'a/vitest.config.ts': config('a'),
    'b/vitest.config.ts': config('b'),
    'a/a.test.ts': tests,
    'b/b.test.ts': tests,
  };
}

for (const { name, packages } of VERSIONS) {
  test(`two projects of Vitest ${name} that name other ports are refused, and both are named`, async ({
    createProject,
  }) => {
    test.setTimeout(180_000);
    const touch = `import { test } from 'portslice/vitest'; test('runs', ({ port }) => undefined);`;
    const options = { a: `{ ports: '14000-14009' }`, b: `{ ports: '15000-15009', restMs: 5 }` };
    const project = await createProject(twoProjects(options, touch));
    const command = packages && { command: useVitest(project, installed('vitest', packages)) };
    const { exitCode, output } = await startVitest(project, ['run'], command).finished;
    expect(exitCode).toBe(1);
    const text = stripVTControlCharacters(output);
    expect(text).toContain(
      `ports is '14000-14009' in project 'a', but '15000-15009' in project 'b'; expected one value`,
    );
    expect(text).toContain('PORTSLICE_INVALID_OPTION');
    expect(text).not.toContain('✓');
  });
}

const NO_REPORT =
  /^portslice writes no report: Vitest does not use its reporter in this run\. Set report in the root/gm;

test('a report that a project of Vitest asks for, and not the root, is told to be none, once', async ({
  createProject,
}) => {
  const touch = `import { test } from 'portslice/vitest'; test('runs', ({ port }) => undefined);`;
  const project = await createProject(twoProjects({ a: `{ report: true }`, b: `{ report: true }` }, touch));
  const run = await runVitest(project);
  expect(run.titles('passed'), run.output).toHaveLength(2);
  expect(run.output.match(NO_REPORT)).toHaveLength(1);
});

for (const [reporter, count] of [
  ['dot', 1],
  ['blob', 0],
  ['portslice/vitest/reporter', 0],
] as const) {
  test(`with --reporter=${reporter} the run says ${count} times that there is no report`, async ({
    createProject,
  }) => {
    const project = await createProject({
      'vitest.config.ts': `
        import portslice from 'portslice/vitest/plugin';
        export default { plugins: [portslice({ report: true })], test: { testTimeout: 30_000 } };
      `,
      'a.test.ts': `import { test } from 'portslice/vitest'; test('runs', ({ port }) => undefined);`,
    });
    const { exitCode, output } = await startVitest(project, ['run', `--reporter=${reporter}`]).finished;
    expect(exitCode, output).toBe(0);
    expect(stripVTControlCharacters(output).match(NO_REPORT) ?? []).toHaveLength(count);
  });
}

test('no port that any project of Vitest excludes is handed out', async ({ createProject }) => {
  const project = await createProject({});
  const { firstPort } = project.ports;
  const tests = `
    import { PortPool } from 'portslice';
    import { test } from 'portslice/vitest';
    import { expect } from 'vitest';
    test('has what is left', () => {
      expect(PortPool.attach().ports.toSorted()).toEqual([${firstPort}, ${firstPort + 3}]);
    });
  `;
  project.write(
    twoProjects(
      { a: `{ excludedPorts: [${firstPort + 1}] }`, b: `{ excludedPorts: [${firstPort + 2}] }` },
      tests,
    ),
  );
  const run = await runVitest(project, [], { env: { PORTSLICE_PORTS: `${firstPort}-${firstPort + 3}` } });
  expect(run.titles('passed'), run.output).toHaveLength(2);
});

test('two calls of withPorts() that name other ports are refused', async ({ createProject }) => {
  const files = playwrightFiles('', {
    'playwright.config.ts': `
      import { withPorts } from 'portslice/playwright';
      export default withPorts(withPorts({}, { ports: '15000-15009' }), { ports: '14000-14009', excludedPorts: [14003] });
    `,
    'a.spec.ts': `import { test } from 'portslice/playwright'; test('runs', ({ port }) => undefined);`,
  });
  const run = await runPlaywright(await createProject(files));
  expect(run.exitCode).toBe(1);
  expect(run.output).toContain(
    "ports is '14000-14009' in a call of withPorts(), but '15000-15009' in another call of withPorts()",
  );
  expect(run.titles('passed')).toEqual([]);
});
