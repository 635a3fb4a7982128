import { playwrightFiles, reportedUses, runPlaywright } from './support/playwright-project.ts';
import { expect, test } from './support/project.ts';
import { expectAllReleased } from './support/what-is-left.ts';

/** A helper that takes no fixture. */
const HELPER = `
import { acquirePort } from 'portslice/playwright';
import { serve } from './inside.ts';
export async function startOwnServer() {
  const port = await acquirePort();
  return { port, server: await serve(port) };
}
`;

const TESTS = (from: string): string => `
import { expect, test } from '${from}';
import { PortPool } from 'portslice';
import { acquirePort } from 'portslice/playwright';
import { startOwnServer } from './helper.ts';
import { close, isLocked, note, until } from './inside.ts';

const record = ({ port }) => PortPool.attach().snapshot().find((candidate) => candidate.port === port);
const released = ({ port }) => until(() => record({ port }).state === 'free');

let ofFile, ofHook, previous, server;
test.beforeAll(async () => {
  ofFile = await acquirePort();
});
test.beforeEach(async () => {
  ofHook = await acquirePort();
});
test.afterEach(async () => {
  if (server?.listening) await close(server);
});
test.afterAll(async () => {
  const last = await acquirePort();
  note('of the worker ' + record(ofFile).label + ' and ' + record(last).label);
  expect(isLocked(ofFile)).toBe(true);
});

test('has a port in its body, its helper and its hook', async () => {
  const started = await startOwnServer();
  server = started.server;
  const mine = await acquirePort({ hosts: ['127.0.0.1'] });
  previous = [ofHook, started.port, mine];
  expect(new Set([ofFile, ...previous].map(Number)).size).toBe(4);
  expect(previous.every(isLocked)).toBe(true);
  expect(previous.map((port) => record(port).label)).toEqual(Array(3).fill('a.spec.ts > has a port in its body, its helper and its hook'));
  expect(mine.hosts).toEqual(['127.0.0.1']);
});

test('has them no more in the next test', async () => {
  await Promise.all(previous.map(released));
  expect(previous).not.toContain(ofHook);
  expect(isLocked(ofFile)).toBe(true);
});

test('leaves a server', async () => {
  const { port } = await startOwnServer();
  note('left on', port);
});
`;

for (const { name, from, watched } of [
  { name: 'our test', from: 'portslice/playwright', watched: false },
  { name: "Playwright's own test", from: '@playwright/test', watched: true },
]) {
  test(`acquirePort() gives a port of the running test to helpers and hooks of ${name}`, async ({
    createProject,
  }) => {
    const project = await createProject(
      playwrightFiles('workers: 1', { 'helper.ts': HELPER, 'a.spec.ts': TESTS(from) }),
    );
    const run = await runPlaywright(project);
    expect(run.titles('passed'), run.output).toHaveLength(3);
    const left = run.log.find(({ text }) => text === 'left on')?.port;
    const warnings = run.output.split('\n').filter((line) => line.includes('PORTSLICE_LEAK'));
    expect(warnings).toHaveLength(1);
    for (const warning of warnings)
      expect(warning).toContain(`Port ${left} was released by 'a.spec.ts > leaves a server'`);

    const annotations = run.result('leaves a server').annotations;
    expect(annotations.filter(({ description }) => description === String(left))).toEqual([
      expect.objectContaining({ type: 'acquirePort' }),
    ]);
    const ofWorker = "worker 0 of project ''";
    expect(run.log.map(({ text }) => text)).toContain(`of the worker ${ofWorker} and ${ofWorker}`);
    if (!watched) {
      const uses = reportedUses(run.result('leaves a server'));
      expect(uses.filter(({ port }) => port === left)).toMatchObject([{ state: 'leaked' }]);
    }
    await expectAllReleased(project);
  });
}

test('acquirePort() keeps the ports of failed tests sealed, knows merged tests, and refuses where no test runs', async ({
  createProject,
}) => {
  const files = playwrightFiles('workers: 1, timeout: 10_000', {
    'a.spec.ts': `
      import { expect, mergeTests, test as base } from '@playwright/test';
      import { PortPool } from 'portslice';
      import { acquirePort, portFixtures, test as ours } from 'portslice/playwright';
      import { note } from './inside.ts';

      note(await acquirePort().catch(({ code }) => 'outside: ' + code));
      const merged = mergeTests(base.extend({ mine: [async ({}, use) => use(1), { auto: true }] }), ours);
      const record = ({ port }) => PortPool.attach().snapshot().find((candidate) => candidate.port === port);

      for (const [kind, test] of Object.entries({ base, merged, extended: base.extend(portFixtures) })) {
        test('fails with ' + kind, async () => {
          note(kind, await acquirePort());
          throw new Error('as it must');
        });
      }
      let sealedAtTheEnd;
      ours('is expected to fail', async () => {
        ours.fail();
        sealedAtTheEnd = await acquirePort();
        throw new Error('as it must');
      });
      ours('sees the seal', () => {
        expect(record(sealedAtTheEnd).state).toBe('sealed');
      });
      ours('waits for a part of its time only', async () => {
        const { totalServerPorts, currentlyAllocatedPorts } = PortPool.attach().stats();
        ours.setTimeout(10_000);
        for (let count = currentlyAllocatedPorts; count < totalServerPorts; count++) await acquirePort();
        const { code, facts } = await acquirePort({ acquireTimeoutMs: 60_000 }).catch((error) => error);
        note('waited: ' + code + ' ' + (facts.waitedMs < 10_000));
      });
    `,
  });
  const project = await createProject(files);
  const { firstPort } = project.ports;
  const run = await runPlaywright(project, [], { env: { PORTSLICE_PORTS: `${firstPort}-${firstPort + 9}` } });
  expect(
    run.titles('failed').filter((title) => !title.startsWith('is expected')),
    run.output,
  ).toEqual(['base', 'merged', 'extended'].map((kind) => `fails with ${kind}`));
  const texts = run.log.map(({ text }) => text);
  expect(texts).toContain('outside: PORTSLICE_NO_TEST');
  expect(texts).toContain('waited: PORTSLICE_POOL_EXHAUSTED true');
  for (const kind of ['merged', 'extended']) {
    const port = run.log.find(({ text }) => text === kind)?.port;
    expect(reportedUses(run.result(`fails with ${kind}`))).toMatchObject([{ port, state: 'sealed' }]);
  }
  expect(run.result('sees the seal').status).toBe('passed');
});
