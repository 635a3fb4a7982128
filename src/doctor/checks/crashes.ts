/** That whatever dies leaves nothing. */
import { type Bench, EVERYWHERE } from '../bench.ts';
import { BrokenPromise, type Check } from '../check.ts';
import type { Helper } from '../staff.ts';

export const killedProcess: Check = {
  name: 'killed-process',
  promise: 'The port of a killed process is free at once',
  run: async (bench) => {
    await expectFreed(bench, bench.startHelper('process'), 'process');
    return undefined;
  },
};

export const terminatedThread: Check = {
  name: 'terminated-thread',
  promise: 'The port of a terminated thread is free when others look for one',
  run: async (bench) => {
    await expectFreed(bench, bench.startHelper('thread'), 'thread');
    return undefined;
  },
};

async function expectFreed(bench: Bench, victim: Helper, kind: 'process' | 'thread'): Promise<void> {
  const { port, free } = bench.claim();
  free();
  if ((await victim.call('kernel', 'takeLock', port)) === undefined)
    throw new BrokenPromise(`that the ${kind} can lock port ${port}`, 'it was refused');
  // Not only a lock can be left.
  if ((await victim.call('kernel', 'takeSeal', port, 'everywhere')) === undefined)
    throw new BrokenPromise(`that the ${kind} can seal port ${port}`, 'it was refused');
  if (canClaim(bench, port))
    throw new BrokenPromise(
      `that port ${port} is refused as long as its ${kind} lives`,
      'it was locked twice',
    );
  await victim.kill();
  const isFree = await bench.becomesTrue(() => {
    bench.kernel.closeOrphans();
    return canClaim(bench, port);
  });
  if (!isFree)
    throw new BrokenPromise(`that port ${port} is free after the end of its ${kind}`, 'it is still taken');
}

/** Whether lock and hold can be had. They are given back. */
function canClaim({ kernel }: Bench, port: number): boolean {
  const lock = kernel.takeLock(port);
  if (lock === undefined) return false;
  const held = kernel.takeHold(port, EVERYWHERE);
  kernel.closeDescriptors(held?.descriptors ?? []);
  kernel.closeDescriptors([lock]);
  return held !== undefined;
}
