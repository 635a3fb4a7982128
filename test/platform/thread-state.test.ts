import { expect, test } from 'vitest';
import { threadState } from '../../src/platform/thread-state.ts';
import { scriptOutput } from '../support/run-script.ts';

test('A value is made on first use, once for each name', () => {
  let made = 0;
  const take = (name: string): number => threadState(name, () => ++made);
  expect([take('a test, one'), take('a test, one'), take('a test, two'), take('a test, one')]).toEqual([
    1, 1, 2, 1,
  ]);
});

test('A value that is undefined is not made again', () => {
  let made = 0;
  const take = (): void => threadState('a test, undefined', () => void made++);
  take();
  take();
  expect(made).toBe(1);
});

test('All copies of the module in a thread share the values, and other threads have their own', async () => {
  const script = `
    import { Worker, isMainThread } from 'node:worker_threads';
    const take = async (copy, value) =>
      (await import('./src/platform/thread-state.ts?' + copy)).threadState('shared', () => value);
    const thread = new Worker(
      "const { parentPort } = require('node:worker_threads');" +
      "import(" + JSON.stringify(new URL('./src/platform/thread-state.ts', 'file://' + process.cwd() + '/').href) + ")" +
      ".then(({ threadState }) => parentPort.postMessage(threadState('shared', () => 3)))",
      { eval: true, execArgv: [] });
    const told = new Promise((resolve) => thread.once('message', resolve));
    const values = [await take('first', 1), await take('second', 2)];
    console.log(JSON.stringify([...values, await told]));`;
  expect(await scriptOutput(script)).toEqual([1, 1, 3]);
});
