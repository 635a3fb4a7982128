import { installed } from './support/installed-packages.ts';
import { expect, test } from './support/project.ts';
import { EVERYDAY, expectEverydayRun } from './support/vitest-everyday.ts';
import { runVitest, vitestFiles } from './support/vitest-project.ts';
import { useVitest } from './support/vitest-versions.ts';
import { expectAllReleased } from './support/what-is-left.ts';

const VERSIONS = [
  // Vitest 3 takes no options of a test that has fixtures, so the retries come from the configuration.
  { vitest: '3.2.7', vite: '7.3.8', settings: 'retry: 2,', repetitions: 1 },
  { vitest: '4.1.12', vite: '8.3.8', settings: '', repetitions: 3 },
];

const POOLS = ['forks', 'threads', 'vmForks', 'vmThreads'];

for (const { vitest, vite, settings, repetitions } of VERSIONS) {
  test(`Vitest ${vitest} runs all kinds of tests, a project in each of its pools`, async ({
    createProject,
  }) => {
    test.setTimeout(180_000);
    const folder = installed('vitest', { vitest, vite });
    const tests: Record<string, string> = {};
    for (const pool of POOLS) tests[`${pool}/${pool}.test.ts`] = EVERYDAY.replace('./inside', '../inside');
    // No project extends the root's configuration, which alone has the plugin.
    const own = `${settings} testTimeout: 30_000,`;
    const projects = POOLS.map(
      (pool) => `{ test: { ${own} name: '${pool}', root: '${pool}', pool: '${pool}' } }`,
    );
    const files = vitestFiles(`maxWorkers: 2, minWorkers: 1, projects: [${projects.join()}]`, tests);
    const project = await createProject(files);
    const command = useVitest(project, folder);
    const run = await runVitest(project, [], { command });
    expect(run.output).toContain(`v${vitest}`);
    expectEverydayRun(
      run,
      POOLS.map((pool) => `${pool}.test.ts`),
      repetitions,
    );
    await expectAllReleased(project);
  });
}
