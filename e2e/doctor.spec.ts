import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { playwrightFiles } from './support/playwright-project.ts';
import { expect, type Finished, type Project, test } from './support/project.ts';
import { vitestFiles } from './support/vitest-project.ts';
import { expectAllReleased } from './support/what-is-left.ts';

const OWN_FAILURE = 125;
const PROMISES = 13;
/** The machine of the tests is a busy one. */
const DOCTOR = ['doctor', '--timeout', '60'];

interface Report {
  readonly verdict: string;
  readonly results: readonly {
    readonly name: string;
    readonly outcome: string;
    readonly weakness?: string;
    readonly seen?: string;
  }[];
  readonly notMade: readonly string[];
  readonly machine: Readonly<Record<string, string>>;
  readonly wiring: {
    readonly folder: string;
    readonly results: readonly {
      readonly name: string;
      readonly outcome: string;
      readonly finding: string;
    }[];
  };
}

test('says in one line each what this machine keeps, and what to paste into a report', async ({
  createProject,
}) => {
  const project = await createProject({});
  const { exitCode, stdout, stderr } = await project.run('portslice', DOCTOR);
  expect(exitCode, stdout).toBe(0);
  expect(stderr).toBe('');
  const [lines = '', wiring = '', verdicts, report = ''] = stdout.split('\n\n');
  expect(lines.split('\n')).toHaveLength(PROMISES);
  for (const line of lines.split('\n')) expect(line).toMatch(/^ok {7}[A-Z].*\.$/);
  expect(wiring).toMatch(/^The wiring of \/.*:\n(?:(?:ok {6}|warning:) [A-Z].*\.\n?)+$/);
  expect(verdicts).toMatch(
    /^Verdict: ok\. This machine keeps all that portslice promises\.\nWiring: (?:ok|warning)\. .*\.$/,
  );
  expect(report).toMatch(/^-+ portslice doctor, to be pasted into a report -+\nportslice: +\d+\.\d+\.\d+\n/);
  for (const fact of [
    `runtime: +Node ${process.versions.node.replaceAll('.', '\\.')}`,
    `system: +Linux \\d`,
    `processor: +${process.arch}`,
    'ephemeral range: +\\d+-\\d+',
    'server ports: +100 of PORTSLICE_PORTS',
    'verdict: +ok',
    'segment: +ok',
  ])
    expect(report).toMatch(new RegExp(`^${fact}`, 'm'));
  await expectAllReleased(project);
});

test('prints the same as JSON', async ({ createProject }) => {
  const project = await createProject({});
  const { exitCode, stdout } = await project.run('portslice', [...DOCTOR, '--json']);
  const { verdict, results, notMade, machine } = JSON.parse(stdout) as Report;
  expect(exitCode).toBe(0);
  expect({ verdict, notMade }).toEqual({ verdict: 'ok', notMade: [] });
  expect(results.filter(({ outcome }) => outcome !== 'ok')).toEqual([]);
  expect(results).toHaveLength(PROMISES);
  expect(machine['portslice']).toMatch(/^\d+\.\d+\.\d+$/);
});

test('tells that the ports of the user lie where the system picks its own, and that is no failure', async ({
  createProject,
}) => {
  const project = await createProject({});
  const env = { PORTSLICE_PORTS: '1024-65535' };
  const { exitCode, stdout } = await project.run('portslice', DOCTOR, { env });
  expect(exitCode, stdout).toBe(0);
  expect(stdout).toMatch(
    /^weaker: {2}The ports that the system picks by itself are no server ports: [\d,]+ ports of PORTSLICE_PORTS lie in/m,
  );
  expect(stdout).toMatch(/^Verdict: weaker\. Ports are unique here; 1 of 13 promises are kept in part\.$/m);
});

test('ends with 1 where a promise is broken: without any addon there are no ports', async ({
  createProject,
}) => {
  const project = await createProject({});
  const env = { NODE_OPTIONS: '--no-addons' };
  const { exitCode, stdout } = await project.run('portslice', DOCTOR, { env });
  expect(exitCode, stdout).toBe(1);
  const [lines = ''] = stdout.split('\n\n');
  expect(lines.match(/^ok/gm)).toHaveLength(2);
  expect(lines.match(/^FAILED:.*$/gm)).toEqual([
    expect.stringMatching(
      /^FAILED: {2}The system can be asked for ports: expected no error; seen: The C library cannot be called: .*--no-addons.* docs\/errors\.md says more about PORTSLICE_FFI_UNAVAILABLE\.$/,
    ),
  ]);
  expect(stdout).toContain(
    'Verdict: FAILED. 1 of 3 promises are not kept here. 10 more could not be tested.',
  );
  expect(stdout).toMatch(/^segment: +not tested$/m);
});

const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

/** How a project is wired, as the doctor that is installed in it sees it. */
async function readWiring(project: Project): Promise<Finished & { readonly points: Record<string, string> }> {
  const finished = await project.run('portslice', [...DOCTOR, '--json']);
  const { wiring } = JSON.parse(finished.stdout) as Report;
  expect(wiring.folder).toBe(project.dir);
  const points = wiring.results.map(
    ({ name, outcome, finding }) => [name, `${outcome}: ${finding}`] as const,
  );
  return { ...finished, points: Object.fromEntries(points) };
}

test('finds the project with both runners wired, as their tests have ports', async ({ createProject }) => {
  const project = await createProject({
    ...playwrightFiles('workers: 2', {}),
    ...vitestFiles('', {}),
    'package.json': JSON.stringify({ type: 'module', devDependencies: { tinypool: '*' } }),
    'tsconfig.json': '{ "compilerOptions": { "module": "nodenext" } }',
  });
  const { exitCode, points } = await readWiring(project);
  expect(exitCode).toBe(0);
  expect(points).toMatchObject({
    playwright: matching(/^ok: Playwright \d+\.\d+\.\d+ is supported$/),
    vitest: matching(/^ok: Vitest \d+\.\d+\.\d+ is supported$/),
    tinypool: matching(/^ok: tinypool \d+\.\d+\.\d+ is supported$/),
    'playwright-config': 'ok: playwright.config.ts makes one pool for all workers, by withPorts()',
    'vitest-config': 'ok: vitest.config.ts makes one pool for all workers, by the plugin',
    typescript: 'ok: TypeScript finds portslice: moduleResolution of tsconfig.json is nodenext',
    'server-ports': 'ok: There are 100 server ports of PORTSLICE_PORTS',
  });
});

test('ends with 1 where the project cannot have ports, on a machine that keeps all promises', async ({
  createProject,
}) => {
  const project = await createProject({
    'node_modules/vitest/package.json': '{ "name": "vitest", "version": "3.1.4" }',
    'vitest.config.js': 'throw new Error("It is not executed.");',
  });
  const { exitCode, stdout } = await project.run('portslice', DOCTOR);
  expect(exitCode, stdout).toBe(1);
  expect(stdout).toMatch(/^FAILED: {2}Vitest 3\.1\.4 is too old\. Install vitest@'>=3\.2'\.$/m);
  expect(stdout).toMatch(
    /^warning: vitest\.config\.js does not use the plugin of portslice\/vitest\/plugin, so /m,
  );
  expect(stdout).toMatch(/^Verdict: ok\. .*\nWiring: FAILED\. 1 of \d+ points must be corrected /m);
  expect(stdout).toMatch(/^wiring, vitest: +failed: Vitest 3\.1\.4 is too old\./m);
});

test('refuses what it does not understand, and explains itself', async ({ createProject }) => {
  const project = await createProject({});
  for (const flags of [['--timeout', '0'], ['--timeout', 'soon'], ['--jsno']])
    expect((await project.run('portslice', ['doctor', ...flags])).exitCode).toBe(OWN_FAILURE);
  const help = await project.run('portslice', ['doctor', '--help']);
  expect(help.exitCode).toBe(0);
  expect(help.stdout).toContain('$ portslice doctor --json > report.json');
});

test('leaves no process when it is killed', async ({ createProject }) => {
  const project = await createProject({});
  const doctor = project.start('portslice', ['doctor']);
  // The stranger and, a check later, the helper run.
  await doctor.waitForOutput(/asked for ports/);
  doctor.kill('SIGKILL');
  await doctor.finished;
  await expect.poll(() => doctor.killGroup('SIGCONT')).toBe(false);
  await expectAllReleased(project);
});

test('works from a folder whose path has spaces and signs in it', async ({ createProject }) => {
  const project = await createProject({});
  const folder = path.join(project.dir, 'a #1 % folder', 'node_modules', 'portslice');
  mkdirSync(path.dirname(folder), { recursive: true });
  const installed = path.join(project.dir, '../node_modules/portslice');
  cpSync(installed, folder, { recursive: true });
  writeFileSync(path.join(project.dir, 'a #1 % folder', 'package.json'), '{ "type": "module" }');
  const command = path.join(folder, 'dist/cli.js');
  const { exitCode, output } = await project.run('node', [command, ...DOCTOR]);
  expect(exitCode, output).toBe(0);
});
