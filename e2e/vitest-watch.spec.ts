import { expect, test } from './support/project.ts';
import { collisions } from './support/server-log.ts';
import { readVitestLog, startVitest, vitestFiles } from './support/vitest-project.ts';
import { beaconsOf, expectAllReleased, expectNoneLocked } from './support/what-is-left.ts';

const watched = (run: string): string => `
import { PortPool } from 'portslice';
import { test } from 'portslice/vitest';
import { close, note, serve } from './inside.ts';
test('watched', async ({ port, ports, filePort }) => {
  const all = [port, filePort, await ports.acquire()];
  for (const server of await Promise.all(all.map(serve))) await close(server);
  note('${run} run: ' + process.env.PORTSLICE_POOL + ' of ' + PortPool.attach().stats().totalServerPorts);
});
`;

for (const pool of ['forks', 'vmThreads']) {
  test(`in watch mode the pool in ${pool} lives until the configuration changes`, async ({
    createProject,
  }) => {
    const settings = `maxWorkers: 1, pool: '${pool}'`;
    const project = await createProject(vitestFiles(settings, { 'a.test.ts': watched('first') }));
    const program = startVitest(project, ['--watch']);
    const runs = (name: string): string[] =>
      readVitestLog(project)
        .map(({ text }) => text)
        .filter((text) => text.startsWith(`${name} run: `))
        .map((text) => text.slice(`${name} run: `.length));
    const oneRun = async (name: string): Promise<string> => {
      await expect.poll(() => runs(name).length, { message: program.output }).toBeGreaterThan(0);
      return runs(name)[0] as string;
    };

    const first = await oneRun('first');
    await program.waitForOutput(/Waiting for file changes/);
    await expectNoneLocked(project);
    project.write({ 'a.test.ts': watched('second') });
    expect(await oneRun('second')).toBe(first);
    expect(first).toMatch(/ of 100$/);
    const beacons = beaconsOf(program.pid);
    expect(beacons).toHaveLength(1);

    const { firstPort } = project.ports;
    const { 'vitest.config.ts': changed = '' } = vitestFiles(
      settings,
      {},
      `{ ports: '${firstPort}-${firstPort + 9}' }`,
    );
    await program.waitForOutput(/Waiting for file changes[^]*Waiting for file changes/);
    project.write({ 'a.test.ts': watched('third'), 'vitest.config.ts': changed });
    await expect
      .poll(() => runs('third').some((run) => run.endsWith(' of 10')), {
        message: program.output,
      })
      .toBe(true);
    expect(beaconsOf(program.pid)).toHaveLength(1);

    program.killGroup('SIGINT');
    await program.finished;
    expect(collisions(readVitestLog(project))).toEqual([]);
    expect(program.output).not.toContain('PORTSLICE_');
    expect(beaconsOf(program.pid)).toEqual([]);
    await expectAllReleased(project);
  });
}
