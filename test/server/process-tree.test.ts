import { describe, expect, it, test } from 'vitest';
import { isRunning } from '../../src/platform/linux/liveness.ts';
import { readCommand } from '../../src/platform/linux/proc.ts';
import { hasLinuxFiles, marksEveryProcess } from '../support/kernel-traits.ts';
import { needNamespace, needRoot } from '../support/needs.ts';
import { laterThanAllProcesses } from '../support/process-clock.ts';
import { startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import type { TreeCommands } from './tree-worker.program.ts';
import { startTreeWorker, treeWorkerProgram } from './tree-worker.ts';
import { WILD_TREES, wildFolder } from './wild-trees.ts';

/** Longer than a wait, which says what it waits for. */
const TIMEOUT_MS = 150_000;

describe.each(Object.entries(WILD_TREES))('A tree of %s', { timeout: TIMEOUT_MS }, (_, make) => {
  it('is found as a whole, is killed as a whole, and nobody else is', async (context) => {
    using place = wildFolder();
    const tree = make(place.folder, context);
    await using worker = await startTreeWorker(context);
    const id = await worker.startUp(tree);
    expect(await worker.call('problem', id)).toBe(undefined);
    const expected = worker.others().map(({ pid }) => pid);
    const found = await worker.call('find', id);
    expect(found).toEqual(expect.arrayContaining(expected));
    // Who ends has no namespace any more shortly before it is gone.
    const ending = found.filter((pid) => !expected.includes(pid));
    await until(
      'who was found besides them has ended',
      () => !ending.some(isRunning),
      () => ending,
    );
    for (const pid of expected) expect(await worker.call('has', id, pid)).toBe(true);
    for (const { pid } of worker.watchdogs()) expect(await worker.call('has', id, pid)).toBe(false);
    for (const pid of worker.bystanders) expect(await worker.call('has', id, pid)).toBe(false);
    expect(await worker.call('signal', id, 'SIGKILL')).toBeGreaterThanOrEqual(expected.length);
    await until('the tree is gone', () => worker.others().length === 0, worker.others);
    expect(worker.bystanders.map(isRunning)).toEqual([true, true]);
    expect(worker.watchdogs()).toHaveLength(1);
  });
});

/** One process that does as it likes with every other signal. */
const IGNORES_TERM = ['sh', '-c', "trap '' TERM; while :; do sleep 0.1; done"];

test('SIGTERM goes to all of a tree, and those who ignore it stay members of it', async (context) => {
  await using worker = await startTreeWorker(context);
  const id = await worker.call('start', [
    'sh',
    '-c',
    `sleep 3600 & exec ${IGNORES_TERM.slice(0, 2).join(' ')} "$0"`,
    IGNORES_TERM[2] as string,
  ]);
  await until(
    'both are there',
    () =>
      worker.others().some(({ command }) => command === 'sleep 3600') &&
      worker.others().some(({ command }) => command === 'sleep 0.1'),
  );
  expect(await worker.call('signal', id, 'SIGTERM')).toBeGreaterThanOrEqual(2);
  await until('one is gone', () => worker.others().every(({ command }) => command !== 'sleep 3600'));
  expect(await worker.call('find', id)).toContain(id);
});

test('Two trees of one worker are told apart', async (context) => {
  await using worker = await startTreeWorker(context);
  const tree = { command: ['sh', '-c', 'setsid sleep 3600 & wait'], isUp: () => true };
  const [first, second] = [await worker.startUp(tree), await worker.startUp(tree)];
  await until(
    'all are there',
    () => worker.others().filter(({ command }) => command === 'sleep 3600').length === 2,
  );
  await worker.call('signal', first, 'SIGKILL');
  await until('half of them are gone', () => worker.others().length === 2);
  expect(new Set(await worker.call('find', second))).toEqual(new Set(worker.others().map(({ pid }) => pid)));
  expect(worker.watchdogs()).toHaveLength(1);
});

test('A process that was started in the tree later is a member of it', async (context) => {
  await using worker = await startTreeWorker(context);
  const id = await worker.call('start', ['sleep', '3600']);
  await worker.call('signal', id, 'SIGKILL');
  const again = await worker.call('startAgain', id, ['sleep', '3600']);
  await until('the first one is gone', () => !isRunning(id));
  expect(await worker.call('find', id)).toEqual([again]);
});

test('A variable that is none to a shell reaches the program, and a program that does not exist is not wrapped', async () => {
  const { throughShell } = await import('../../src/platform/linux/marked-command.ts');
  const place = { environment: { PATH: process.env['PATH'], 'with.dots': '1' } };
  expect(throughShell(['sleep', '1'], place, '7')).toEqual(['sleep', '1']);
  const plain = { environment: { PATH: process.env['PATH'] } };
  expect(throughShell(['sleep', '1'], plain, '7').slice(-2)).toEqual(['sleep', '1']);
  expect(throughShell(['sleep', '1'], plain, '7')[0]).toBe('sh');
  expect(throughShell(['no-such-program'], plain, '7')).toEqual(['no-such-program']);
  expect(throughShell(['./no-such-program'], plain, '7')).toEqual(['./no-such-program']);
});

test('What is not wrapped is found all the same', async (context) => {
  await using worker = await startTreeWorker(context);
  const id = await worker.call('start', ['sh', '-c', 'env -i setsid sleep 3600 & sleep 3600'], false);
  await until('all are there', () => worker.others().length === 3);
  expect(await worker.call('find', id)).toHaveLength(3);
});

test.runIf(marksEveryProcess)(
  'Where the limit of a process cannot be raised, that is told, and the environment still tells who is in the tree',
  async (context) => {
    needRoot(context);
    // Not another user, who could not read this program in a folder of ours.
    const wrapper = ['setpriv', '--bounding-set=-sys_resource', '--inh-caps=-sys_resource', 'sh', '-c'];
    const limited = [...wrapper, 'ulimit -w 1000 2>/dev/null || ulimit -x 1000; exec "$0" "$@"'];
    await using worker = startProgram<TreeCommands>(treeWorkerProgram, { wrapper: limited });
    const id = await worker.call('start', ['sh', '-c', '(setsid sleep 3600 &); exec sleep 1800']);
    expect(await worker.call('problem', id)).toMatch(
      /forbids to change the limits .*\. Lift the limit of file locks /,
    );
    const commands = async (): Promise<unknown[]> => (await worker.call('find', id)).map(readCommand);
    await until(
      'both are what they will be',
      async () => (await commands()).join() === 'sleep 1800,sleep 3600',
    );
    await worker.call('signalOther', id, 'SIGKILL');
    await until('one is found', async () => (await commands()).join() === 'sleep 3600');
    expect(await worker.call('signal', id, 'SIGKILL')).toBe(1);
  },
);

/** Namespaces in which the worker is not the first process: with that one all the others would end. */
const PROCESS_NAMESPACE = [
  'unshare',
  '--pid',
  '--fork',
  '--kill-child',
  '--mount-proc',
  'sh',
  '-c',
  '"$0" "$@"; sleep 3600',
];

describe('A number that is used again', () => {
  it('after a member was seen with it, is nobody of the tree', async (context) => {
    needRoot(context);
    needNamespace(context);
    await using worker = startProgram<TreeCommands>(treeWorkerProgram, { wrapper: PROCESS_NAMESPACE });
    const id = await worker.call('start', ['sh', '-c', 'sleep 3600 & wait; exec sleep 3600']);
    let members: number[] = [];
    await until('both are there', async () => (members = await worker.call('find', id)).length === 2);
    const child = members.find((pid) => pid !== id) as number;
    await worker.call('signalOther', child, 'SIGKILL');
    // Nobody looks at the tree in between, which remembers the number.
    const isThere = async (): Promise<boolean> =>
      worker.call('signalOther', child, 'SIGCONT').catch(() => false);
    await until('its number is free', async () => !(await isThere()));
    await laterThanAllProcesses();
    expect(await worker.call('startBystanderAs', child, ['sleep', '1800'])).toBe(child);
    expect(await worker.call('has', id, child)).toBe(false);
    expect(await worker.call('find', id)).toEqual([id]);
    expect(await worker.call('signal', id, 'SIGKILL')).toBe(1);
    expect(await worker.call('signalOther', child, 'SIGCONT')).toBe(true);
  });

  it('for another session than that of the first process, is nobody of the tree', async (context) => {
    needRoot(context);
    needNamespace(context);
    await using worker = startProgram<TreeCommands>(treeWorkerProgram, { wrapper: PROCESS_NAMESPACE });
    const id = await worker.call('start', ['true']);
    // Also for its parent: until then nobody else has its number.
    await until(
      'its number is free',
      async () => !(await worker.call('signalOther', id, 'SIGCONT').catch(() => false)),
    );
    await laterThanAllProcesses();
    expect(await worker.call('startBystanderAs', id, ['sleep', '1800'])).toBe(id);
    expect(await worker.call('has', id, id)).toBe(false);
    expect(await worker.call('signal', id, 'SIGKILL')).toBe(0);
    expect(await worker.call('signalOther', id, 'SIGCONT')).toBe(true);
  });
});

test.runIf(hasLinuxFiles)(
  'Where /proc is hidden, the group of the first process is ended, and the problem is told',
  async (context) => {
    const wrapper = needNamespace(context, 'mount -t tmpfs none /proc');
    await using worker = startProgram<TreeCommands>(treeWorkerProgram, { wrapper });
    const id = await worker.call('start', ['sh', '-c', 'sleep 3600 & wait']);
    expect(await worker.call('problem', id)).toMatch(/\/proc is not that of this process.*\. Mount \/proc /);
    expect(await worker.call('find', id)).toEqual([id]);
    expect(await worker.call('has', id, id)).toBe(true);
    expect(await worker.call('signal', id, 'SIGKILL')).toBe(1);
    await until('it is gone', async () => (await worker.call('find', id)).length === 0);
  },
);
