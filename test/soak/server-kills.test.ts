/** Workers with servers are killed, each kind of server many times, when all is up and at any moment before: nobody survives. */
import { describe, it } from 'vitest';
import { expectNothingOutlives, expectNothingOutlivesStart } from '../server/kill-workers.ts';
import { WILD_TREES, wildFolder } from '../server/wild-trees.ts';
import { repetitions, soakTimeoutMs } from './scale.ts';

const TIMEOUT_MS = soakTimeoutMs(120_000, 1_800_000);
/** In all more than 100 kills of each moment. */
const KILLS = repetitions(1, 13);
const MAX_DELAY_MS = 60;

describe.each(Object.entries(WILD_TREES))('Of %s', { timeout: TIMEOUT_MS }, (_, make) => {
  it('nothing outlives the worker, whenever it is killed', async (context) => {
    for (let kill = 0; kill < KILLS; kill++) {
      using complete = wildFolder();
      await expectNothingOutlives(context, make(complete.folder, context));
      using starting = wildFolder();
      await expectNothingOutlivesStart(context, make(starting.folder, context), Math.random() * MAX_DELAY_MS);
    }
  });
});
