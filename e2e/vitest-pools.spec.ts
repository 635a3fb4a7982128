import { test } from './support/project.ts';
import { EVERYDAY, expectEverydayRun } from './support/vitest-everyday.ts';
import { runVitest, vitestFiles } from './support/vitest-project.ts';
import { expectAllReleased } from './support/what-is-left.ts';

const POOLS = [
  { pool: 'forks', isolate: true },
  { pool: 'forks', isolate: false },
  { pool: 'threads', isolate: true },
  { pool: 'threads', isolate: false },
  // Isolation is what vm pools are for: the option means nothing to them.
  { pool: 'vmForks', isolate: true },
  { pool: 'vmThreads', isolate: true },
];

for (const { pool, isolate } of POOLS) {
  test(`all kinds of tests have ports of their own in ${pool} with isolate: ${isolate}`, async ({
    createProject,
  }) => {
    const names = ['a.test.ts', 'b.test.ts', 'c.test.ts'];
    const tests = Object.fromEntries(names.map((name) => [name, EVERYDAY]));
    const settings = `pool: '${pool}', isolate: ${isolate}, maxWorkers: 2`;
    const project = await createProject(vitestFiles(settings, tests));
    const run = await runVitest(project);
    expectEverydayRun(run, names);
    await expectAllReleased(project);
  });
}
