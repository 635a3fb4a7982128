import { stripVTControlCharacters } from 'node:util';
import { playwrightFiles, runPlaywright } from './support/playwright-project.ts';
import { expect, test } from './support/project.ts';
import { runVitest, vitestFiles } from './support/vitest-project.ts';
import { test as testWithoutAddon } from './support/without-addon.ts';

/** Vitest itself needs addons. */
const env = { NODE_OPTIONS: '--no-addons' };
/** portslice has no locks for it. */
const otherProcessor = {
  NODE_OPTIONS: '--import=data:text/javascript,Object.defineProperty(process,%22arch%22,{value:%22ppc64%22})',
};
const COUNT = 3;

const TESTS = (entry: string): string => `
import { test } from '${entry}';
for (let number = 0; number < ${COUNT}; number++) test('needs none ' + number, () => undefined);
for (let number = 0; number < ${COUNT}; number++) test('needs one ' + number, async ({ port }) => undefined);
`;
const FAILED = Array.from({ length: COUNT }, (_, number) => `needs one ${number}`);

const NO_ADDON = {
  told: 'The C library',
  thrown: 'ForeignFunctionError: The C library cannot be called',
};
const NO_LOCKS = {
  told: 'The allocation of ports is not implemented on',
  thrown: 'UnsupportedPlatformError: The allocation of ports is not implemented on',
};

function expectToldOnce(output: string, { told, thrown }: typeof NO_ADDON = NO_ADDON): void {
  const text = stripVTControlCharacters(output);
  const warnings = text.split('\n').filter((line) => line.includes('[PORTSLICE_NO_POOL]'));
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain(`The run has no port pool, and the first port of each test fails: ${told}`);
  expect(warnings[0]).toContain('Tests that use no port are not affected.');
  expect(text).toContain(thrown);
}

for (const { what, testSo, options, words } of [
  { what: 'its addon', testSo: testWithoutAddon, options: {}, words: NO_ADDON },
  { what: 'any addon', testSo: test, options: { env }, words: NO_ADDON },
  { what: 'locks for its processor', testSo: test, options: { env: otherProcessor }, words: NO_LOCKS },
]) {
  testSo(`without ${what}, tests of Playwright that need no port run`, async ({ createProject }) => {
    const project = await createProject(
      playwrightFiles('workers: 2, fullyParallel: true', { 'a.spec.ts': TESTS('portslice/playwright') }),
    );
    const run = await runPlaywright(project, [], options);
    expect(run.titles('passed'), run.output).toHaveLength(COUNT);
    expect(run.titles('failed').toSorted()).toEqual(FAILED);
    expectToldOnce(run.output, words);
  });
}

for (const pool of ['forks', 'threads']) {
  testWithoutAddon(
    `without its addon, tests of Vitest that need no port run in ${pool}`,
    async ({ createProject }) => {
      const settings = `pool: '${pool}', maxWorkers: 2, projects: [{ extends: true, test: { name: 'a' } }, { extends: true, test: { name: 'b' } }]`;
      const files = vitestFiles(settings, { 'a.test.ts': TESTS('portslice/vitest') });
      // The user's own global setup asks for the pool.
      const project = await createProject({
        ...files,
        'note-left-overs.ts': 'export default () => undefined;',
      });
      const run = await runVitest(project);
      expect(run.titles('passed'), run.output).toHaveLength(2 * COUNT);
      expect(run.titles('failed').toSorted()).toEqual([...FAILED, ...FAILED].toSorted());
      expectToldOnce(run.output);
    },
  );
}

test('without any addon, workers of tinypool that need no port run', async ({ createProject }) => {
  const project = await createProject({
    'worker.js': `
      import { TCPPortOwner } from 'portslice';
      export const add = ({ a, b }) => a + b;
      export const claim = () => { try { return new TCPPortOwner().port } catch ({ code }) { return code } };
    `,
    'main.js': `
      import { createTinypool } from 'portslice/tinypool';
      const filename = new URL('./worker.js', import.meta.url).href;
      for (const runtime of ['worker_threads', 'child_process']) {
        const pool = createTinypool({ filename, runtime });
        console.log(await pool.run({ a: 1, b: 2 }, { name: 'add' }), await pool.run({}, { name: 'claim' }));
        await pool.destroy();
      }
    `,
  });
  const { stdout, stderr } = await project.run('node', ['main.js'], { env });
  expect(stdout, stderr).toBe('3 PORTSLICE_FFI_UNAVAILABLE\n3 PORTSLICE_FFI_UNAVAILABLE\n');
  expect(stderr.match(/\[PORTSLICE_NO_POOL\]/g)).toHaveLength(1);
});
