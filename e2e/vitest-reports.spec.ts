import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, type Project, test } from './support/project.ts';
import {
  type ReportedUse,
  runVitest,
  startVitest,
  type VitestResult,
  vitestFiles,
} from './support/vitest-project.ts';

const TESTS = `
import { test } from 'portslice/vitest';
import { expect } from 'vitest';
import { note } from './inside.ts';

test('uses three', async ({ port, ports, filePort }) => {
  note(JSON.stringify([port, await ports.acquire(), filePort]));
});
test('uses none', () => undefined);
test('fails', async ({ port, ports }) => {
  await ports.acquire();
  note('ports of the failing ' + port);
  throw new Error('as it must');
});
test('waits', async ({ ports }) => {
  const first = await ports.acquire();
  setTimeout(() => first.cleanup(), 50);
  await ports.acquireMany(99);
});
`;

function expectUse(use: ReportedUse | undefined, fixture: string, port: number): void {
  expect(use).toMatchObject({ fixture, port, state: 'free' });
  expect(use?.acquiredAtMs).toBeGreaterThan(Date.now() - 60_000);
  expect(use?.releasedAtMs).toBeGreaterThanOrEqual(use?.acquiredAtMs ?? Infinity);
}

test('the ports of a test are in its meta and, where it fails, in its annotations', async ({
  createProject,
}) => {
  const project = await createProject(vitestFiles('maxWorkers: 1', { 'report.test.ts': TESTS }));
  const run = await runVitest(project, ['--reporter=blob', '--outputFile.blob=blobs/one.json']);
  expect(run.titles('passed'), run.output).toEqual(['uses three', 'uses none', 'waits']);
  const [port, second, filePort] = JSON.parse(run.log[0]?.text ?? '') as number[];

  const uses = run.result('uses three').meta.portslice;
  expect(uses).toHaveLength(3);
  expectUse(uses?.[0], 'port', port as number);
  expectUse(uses?.[1], 'ports', second as number);
  // It belongs to the whole file and is still in use.
  expect(uses?.[2]).toMatchObject({ fixture: 'filePort', port: filePort });
  expect(run.result('fails').meta.portslice).toMatchObject([
    { fixture: 'port', state: 'sealed' },
    { fixture: 'ports', state: 'sealed' },
    { fixture: 'filePort', port: filePort },
  ]);
  expect(run.result('waits').meta.portslice?.[1]?.waitedMs).toBeGreaterThan(0);

  const [failing] = run.notes('ports of the failing ');
  expect(run.output).toContain(`TCP port ${failing} (port)`);
  expect(run.output).not.toContain(`TCP port ${port} (port)`);

  const merged = await merge(project);
  expect(merged.map(({ title, meta }) => ({ title, meta }))).toEqual(
    run.results.map(({ title, meta }) => ({ title, meta })),
  );
});

async function merge(project: Project): Promise<VitestResult[]> {
  const args = ['--merge-reports=blobs', '--reporter=json', '--outputFile.json=merged.json'];
  await startVitest(project, ['run', ...args]).finished;
  const { testResults } = JSON.parse(readFileSync(path.join(project.dir, 'merged.json'), 'utf8')) as {
    testResults: { assertionResults: VitestResult[] }[];
  };
  return testResults.flatMap(({ assertionResults }) => assertionResults);
}

const SHOW = `
  async ({ port, ports, portOptions }) => {
    note(JSON.stringify({ options: portOptions, port: [port.hosts, port.socketAddressFamily],
      ports: (await ports.acquire()).hosts, call: (await ports.acquire({ hosts: ['localhost'] })).hosts }));
  }
`;

test('options come from the configuration, from test.extend and from each call', async ({
  createProject,
}) => {
  const files = vitestFiles(`maxWorkers: 1, provide: { portOptions: { socketAddressFamily: 'ipv4' } }`, {
    'options.test.ts': `
      import { test as base } from 'vitest';
      import { portFixtures, test } from 'portslice/vitest';
      import { note } from './inside.ts';
      test('provided', ${SHOW});
      test.extend({ portOptions: { hosts: ['127.0.0.1'] } })('extended', ${SHOW});
      const test2 = base.extend(portFixtures).extend({ greeting: async ({ port }, use) => { await use('hello ' + port); } });
      test2('from the fixtures', async ({ greeting, port, filePort, workerPort }) => {
        note(greeting === 'hello ' + port.port && new Set([port, filePort, workerPort].map(Number)).size === 3 ? 'greeted' : 'no');
      });
    `,
  });
  const project = await createProject(files);
  const run = await runVitest(project);
  expect(run.exitCode, run.output).toBe(0);
  const [provided, extended] = run.notes('{').map((text) => JSON.parse(`{${text}`) as unknown);
  const everywhere = ['', 'localhost'];
  expect(provided).toEqual({
    options: { socketAddressFamily: 'ipv4' },
    port: [everywhere, 'ipv4'],
    ports: everywhere,
    call: ['localhost'],
  });
  expect(extended).toMatchObject({
    options: { hosts: ['127.0.0.1'] },
    port: [['127.0.0.1'], 'dual'],
    ports: ['127.0.0.1'],
    call: ['localhost'],
  });
  expect(run.notes('greeted')).toHaveLength(1);
});
