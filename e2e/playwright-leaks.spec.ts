import { playwrightFiles, runPlaywright } from './support/playwright-project.ts';
import { expect, test } from './support/project.ts';
import { expectAllReleased, expectNoneLocked } from './support/what-is-left.ts';

test('a server that outlives its test is named with port, test and process', async ({ createProject }) => {
  const files = playwrightFiles('workers: 1', {
    'leaks.spec.ts': `
      import { expect, test } from 'portslice/playwright';
      import { close, note, serve, startServerProcess } from './inside.ts';

      test('leaks in its worker', async ({ port }) => {
        note('in its worker', port);
        await serve(port);
      });
      test('leaks a process', async ({ ports }) => {
        const owner = await ports.acquire();
        note('process', owner);
        await startServerProcess(owner);
      });
      test('does not wait for its process to end', async ({ port }) => {
        const child = await startServerProcess(port);
        child.kill();
      });
      test('closes without waiting', async ({ port }) => {
        (await serve(port)).close();
      });
      test('leaves connections in TIME_WAIT', async ({ port }) => {
        const server = await serve(port);
        await fetch(port.url(), { headers: { connection: 'close' } });
        await close(server);
      });
    `,
  });
  const project = await createProject(files);
  const run = await runPlaywright(project);
  expect(run.titles('passed'), run.output).toHaveLength(5);

  const inWorker = run.log.find(({ text }) => text === 'in its worker');
  const leakedPort = run.log.find(({ text }) => text === 'process')?.port;
  const child = run.log.find(({ text, port }) => text === 'child' && port === leakedPort);
  const warnings = run.output.split('\n').filter((line) => line.includes('PORTSLICE_LEAK'));
  expect(warnings).toHaveLength(2);
  expect(warnings[0]).toContain(
    `Port ${inWorker?.port} was released by 'leaks.spec.ts > leaks in its worker'`,
  );
  expect(warnings[0]).toContain(`but this test process itself (pid ${inWorker?.pid})`);
  expect(warnings[1]).toContain(`Port ${child?.port} was released by 'leaks.spec.ts > leaks a process'`);
  expect(warnings[1]).toContain(`pid ${child?.pid} `);
  // In one line, though this process has line breaks in its arguments.
  for (const warning of warnings) expect(warning).toContain('still listens on it.');

  // Its process still listens. No other run gets the port, until it ends.
  const leaked = child as NonNullable<typeof child>;
  await expectNoneLocked(project);
  const tryPort = `
    import { TCPPortOwner } from 'portslice';
    try { console.log(new TCPPortOwner().port) } catch (error) { console.log(error.code, error.facts.listenedOnByStrangers) }
  `;
  const env = { PORTSLICE_PORTS: String(leaked.port) };
  const tried = await project.run('node', ['--input-type=module', '-e', tryPort], { env });
  expect(tried.output).toBe('PORTSLICE_POOL_EXHAUSTED 1\n');
  process.kill(leaked.pid);
  await expect
    .poll(async () => (await project.run('node', ['--input-type=module', '-e', tryPort], { env })).output)
    .toBe(`${leaked.port}\n`);
  await expectAllReleased(project);
});

test('a test that fails with EADDRINUSE on its own port learns who listens there', async ({
  createProject,
}) => {
  const files = playwrightFiles('workers: 1', {
    'a.spec.ts': `
      import { test } from 'portslice/playwright';
      import { serve, startServerProcess } from './inside.ts';
      test('meets a stranger', async ({ port }) => {
        await startServerProcess(port);
        await serve(port);
      });
    `,
  });
  const project = await createProject(files);
  const run = await runPlaywright(project);
  expect(run.titles('failed'), run.output).toEqual(['meets a stranger']);
  const stranger = run.log.find(({ text }) => text === 'child');
  const [warning] = run.output.split('\n').filter((line) => line.includes('PORTSLICE_ADDRESS_IN_USE'));
  expect(warning).toContain(`'a.spec.ts > meets a stranger' failed with EADDRINUSE`);
  expect(warning).toContain(`on its own port ${stranger?.port}: pid ${stranger?.pid} `);
});
