import { expect, test } from './support/project.ts';
import { collisions } from './support/server-log.ts';
import { runVitest, vitestFiles } from './support/vitest-project.ts';
import { expectAllReleased } from './support/what-is-left.ts';

const FILES = 8;
const TESTS_PER_FILE = 25;
const WORKERS = 4;
const PORT_COUNT = 5;

/** The server ends the connection, and so leaves its port in TIME_WAIT for a minute. */
const TESTS = `
import { test } from 'portslice/vitest';
import { expect } from 'vitest';
import { close, serve } from './inside.ts';

for (let number = 0; number < ${TESTS_PER_FILE}; number++) {
  test('test ' + number, async ({ port }) => {
    const server = await serve(port);
    const response = await fetch(port.url(), { headers: { connection: 'close' } });
    expect(await response.text()).toBe('pid ' + process.pid);
    await close(server);
  });
}
`;

test('200 tests of 4 workers need no more than 5 ports', async ({ createProject }) => {
  const names = Array.from({ length: FILES }, (_, number) => `${number}.test.ts`);
  const tests = Object.fromEntries(names.map((name) => [name, TESTS]));
  const project = await createProject(vitestFiles(`pool: 'forks', maxWorkers: ${WORKERS}`, tests));
  const { firstPort } = project.ports;
  const run = await runVitest(project, [], {
    env: { PORTSLICE_PORTS: `${firstPort}-${firstPort + PORT_COUNT - 1}` },
  });

  expect(run.exitCode, run.output).toBe(0);
  expect(run.titles('passed')).toHaveLength(FILES * TESTS_PER_FILE);
  expect(collisions(run.log)).toEqual([]);
  const { left, ...stats } = run.end();
  expect(left).toEqual([]);
  expect(stats).toMatchObject({
    totalServerPorts: PORT_COUNT,
    lifetimeTotalAllocatedPorts: FILES * TESTS_PER_FILE,
    leaks: 0,
  });
  await expectAllReleased(project);
});
