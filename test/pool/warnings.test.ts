/** A warning reaches the user also where the process ends before Node would print it, and once in any case. */
import { describe, expect, test } from 'vitest';
import { runScript, type ScriptOptions } from '../support/run-script.ts';
import { openTestPool } from '../support/test-pool.ts';

/** Leaks a server of its own on a port, releases the port, and goes on with `ending`. */
function leakingScript(ending: string, before = ''): string {
  return `
    import { once } from 'node:events';
    import { createServer } from 'node:net';
    import { TCPPortOwner } from './src/index.ts';
    const owner = new TCPPortOwner();
    const server = createServer().listen(owner.port);
    await once(server, 'listening');
    ${before}
    ${ending}
  `;
}

async function stderrOf(code: string, options: ScriptOptions = {}): Promise<string> {
  await using opened = await openTestPool(2);
  const env = { PORTSLICE_PORTS: opened.spec, ...options.env };
  const { status, stderr } = await runScript(code, { ...options, env });
  expect(status).toBe(0);
  return stderr;
}

const LEAK =
  /^\(node:\d+\) \[PORTSLICE_LEAK\] PortsliceWarning: Port \d+ was released by its owner, but this test process itself \(pid \d+\) still listens on it\. .*\n\(Use `node --trace-warnings \.\.\.` to show where the warning was created\)\n$/;

describe('a warning is printed once, as Node prints it', () => {
  test.each([
    ['where the process goes on', 'owner.cleanup(); setTimeout(() => process.exit(), 1);'],
    ['where the process goes on until nothing is left to do', 'owner.cleanup(); server.close();'],
    ['where the process exits at once', 'owner.cleanup(); process.exit(0);'],
    [
      'where the process exits in a microtask',
      'void Promise.resolve(owner.cleanup()).then(() => process.exit(0));',
    ],
    [
      'in a listener to exit',
      "process.on('exit', () => owner.cleanup()); process.on('exit', () => {}); process.exit(0);",
    ],
    [
      'in a listener to exit of a process that has nothing left to do',
      "process.on('exit', () => owner.cleanup()); server.unref();",
    ],
  ])('%s', async (_title, ending) => {
    expect(await stderrOf(leakingScript(ending))).toMatch(LEAK);
  });

  test('where a thread exits at once', async () => {
    const thread = leakingScript('owner.cleanup(); process.exit(0);');
    const code = `
      import { once } from 'node:events';
      import { Worker } from 'node:worker_threads';
      const thread = new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(
        thread.replace('./src/index.ts', new URL('../../src/index.ts', import.meta.url).href),
      )})));
      await once(thread, 'exit');
    `;
    expect(await stderrOf(code)).toMatch(LEAK);
  });
});

describe('a process that exits at once', () => {
  const exits = leakingScript('owner.cleanup(); process.exit(0);');

  test.each([
    ['--no-warnings', { nodeOptions: ['--no-warnings'] }],
    ['NODE_NO_WARNINGS', { env: { NODE_NO_WARNINGS: '1' } }],
    ['--disable-warning', { nodeOptions: ['--disable-warning=PORTSLICE_LEAK'] }],
  ])('says nothing with %s', async (_title, options) => {
    expect(await stderrOf(exits, options)).toBe('');
  });

  test('shows where the warning comes from with --trace-warnings', async () => {
    expect(await stderrOf(exits, { nodeOptions: ['--trace-warnings'] })).toMatch(
      /PORTSLICE_LEAK.*\n(.*\n)*.*at TCPPortOwner\.cleanup/,
    );
  });

  test('prints all warnings of its last tick', async () => {
    const code = leakingScript(
      "owner.cleanup(); process.env.PORTSLICE_POOL = 'portslice:1:memfd:1:9:' + '0'.repeat(32); new TCPPortOwner(); process.exit(0);",
    );
    expect(await stderrOf(code)).toMatch(/PORTSLICE_LEAK.*\n.*\n.*PORTSLICE_POOL_UNUSABLE/);
  });
});

describe('a listener to warnings', () => {
  const counts = "process.on('warning', ({ code, name }) => console.error(`heard ${name} ${code}`));";
  const heard = 'heard PortsliceWarning PORTSLICE_LEAK\n';

  test.each([
    ['that goes on', 'owner.cleanup(); server.close();'],
    ['that exits at once', 'owner.cleanup(); process.exit(0);'],
  ])('hears each once in a process %s', async (_title, ending) => {
    expect(await stderrOf(leakingScript(ending, counts), { nodeOptions: ['--no-warnings'] })).toBe(heard);
  });

  test('that ends the process hears each once', async () => {
    const before = `${counts} process.on('warning', () => process.exit(0));`;
    const code = leakingScript('owner.cleanup();', before);
    expect(await stderrOf(code, { nodeOptions: ['--no-warnings'] })).toBe(heard);
  });
});
