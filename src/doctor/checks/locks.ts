/** That a port has one owner. */
import type { Bench } from '../bench.ts';
import { BrokenPromise, type Check } from '../check.ts';
import type { Helper } from '../staff.ts';

const ADVICE =
  'Do not run tests in parallel here: two of them could be given the same port. Report it, with the text at the end.';

export const lockBetweenProcesses: Check = {
  name: 'lock-process',
  promise: 'A port that is locked is refused to another process',
  run: async (bench) => {
    await expectExclusive(bench, bench.helper);
    return undefined;
  },
};

export const lockBetweenThreads: Check = {
  name: 'lock-thread',
  promise: 'A port that is locked is refused to another thread',
  run: async (bench) => {
    await expectExclusive(bench, bench.startHelper('thread'));
    return undefined;
  },
};

/** In both directions, and only as long as it is locked. */
async function expectExclusive(bench: Bench, other: Helper): Promise<void> {
  const { port, free } = bench.claim();
  if ((await takeLockThere(bench, other, port)) !== undefined)
    throw new BrokenPromise(
      `that port ${port} is refused, which is locked here`,
      'it was locked twice',
      ADVICE,
    );
  free();
  const lock = await takeLockThere(bench, other, port);
  if (lock === undefined)
    throw new BrokenPromise(`that port ${port} can be locked, which was given back`, 'it was refused');
  const { kernel } = bench;
  const mine = kernel.takeLock(port);
  if (mine !== undefined) {
    kernel.closeDescriptors([mine]);
    throw new BrokenPromise(
      `that port ${port} is refused, which is locked there`,
      'it was locked twice',
      ADVICE,
    );
  }
}

async function takeLockThere(bench: Bench, other: Helper, port: number): Promise<number | undefined> {
  const lock = (await other.call('kernel', 'takeLock', port)) as number | undefined;
  if (lock !== undefined)
    bench.atEnd(() => other.call('kernel', 'closeDescriptors', [lock]).catch(() => undefined));
  return lock;
}
