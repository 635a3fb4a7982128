/** That the processes of a run can share a pool. */
import { BrokenPromise, type Check } from '../check.ts';
import { COUNT_BYTES, COUNT_OF_EACH, countTogether, hasCome, readCount } from '../shared-count.ts';

export const segment: Check = {
  name: 'segment',
  promise: 'Two processes count exactly in the memory that they share',
  run: async (bench) => {
    const memory = bench.kernel.createMemory(COUNT_BYTES);
    bench.atEnd(() => memory.close());
    // Each waits for the other at a time of its own.
    const patienceMs = 2 * bench.soonMs;
    const theirs = bench.helper.call('count', memory.locator, patienceMs);
    // Before it has come, this thread must not block: its order may still lie here.
    await Promise.race([theirs, bench.untilTrue(() => hasCome(memory.buffer))]);
    const isSeen = hasCome(memory.buffer) && countTogether(memory.buffer, patienceMs);
    if (!((await theirs) && isSeen))
      throw new BrokenPromise('that each sees what the other writes', 'they do not see each other');
    const count = readCount(memory.buffer);
    if (count !== 2 * COUNT_OF_EACH)
      throw new BrokenPromise(`${2 * COUNT_OF_EACH}, half of it from each`, String(count));
    return undefined;
  },
};
