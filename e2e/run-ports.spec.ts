import { existsSync } from 'node:fs';
import { readLog } from './support/inside.program.ts';
import { logPath, playwrightEnvironment, runPlaywright } from './support/playwright-project.ts';
import { expect, type Project, test } from './support/project.ts';
import { runPortFiles } from './support/run-port-project.ts';
import { expectNoneLocked } from './support/what-is-left.ts';

/** The ports on which the project's tests have found their page. */
function portsOf(project: Project): number[] {
  return [...new Set(readLog(logPath(project)).map(({ port }) => port))];
}

test('webServer and baseURL meet on a run port, in all projects and repetitions, and in the next run', async ({
  createProject,
}) => {
  const project = await createProject(
    runPortFiles({ settings: "projects: [{ name: 'one' }, { name: 'two' }], repeatEach: 2," }),
  );
  for (let run = 0; run < 2; run++) {
    const { exitCode, output } = await runPlaywright(project);
    expect(exitCode, output).toBe(0);
    expect(output).toContain('12 passed');
    expect(output).not.toContain('portslice:');
  }
  expect(portsOf(project)).toHaveLength(1);
  await expectNoneLocked(project);
});

test('a list of the tests leaves nothing behind', async ({ createProject }) => {
  const project = await createProject(runPortFiles());
  const { exitCode, output } = await project.run(
    'playwright',
    ['test', '--list'],
    playwrightEnvironment(project),
  );
  expect(exitCode, output).toBe(0);
  expect(output).toContain('Total: 3 tests');
  await expectNoneLocked(project);
  expect(existsSync(logPath(project))).toBe(false);
});
