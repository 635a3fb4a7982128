/**
 * DESIGN.md, C6: worker threads may be terminated at any moment while they own ports. Their ports come back in the same
 * process, within the run: a pool has just as many ports as are then wanted at once. And no descriptor that is not ours is
 * ever closed: a thread opens and closes files all the time, hundreds at once, and looks whether each is still the same file
 * when it closes it itself. Also where /proc is another process namespace's, and where there is none.
 */
import { describe, expect, test, type TestContext } from 'vitest';
import { needNamespace, needProgram, needRoot } from '../support/needs.ts';
import { reservePorts } from '../support/port-block.ts';
import { startProgram } from '../support/program.ts';
import { repetitions, soakTimeoutMs } from './scale.ts';
import type { ThreadsCommands, ThreadsPlan } from './threads.program.ts';

const PORT_COUNT = 8;
const THREADS_PER_ROUND = 3;
const program = new URL('threads.program.ts', import.meta.url);

interface Variant {
  readonly name: string;
  readonly rounds: number;
  /** Only /proc tells of names that are bound. */
  readonly tells: boolean;
  readonly wrapper: (context: TestContext) => readonly string[];
}

const variants: readonly Variant[] = [
  { name: 'anywhere', rounds: repetitions(8, 200), tells: true, wrapper: () => [] },
  {
    name: 'with the /proc of an outer namespace',
    rounds: repetitions(4, 100),
    tells: true,
    wrapper: (context) => {
      needRoot(context);
      return [needProgram(context, 'unshare'), '--pid', '--fork', '--kill-child'];
    },
  },
  {
    name: 'without /proc',
    rounds: repetitions(4, 100),
    tells: false,
    wrapper: (context) => needNamespace(context, 'mount -t tmpfs none /proc'),
  },
];

describe(
  'threads that are terminated while they own ports',
  { timeout: soakTimeoutMs(180_000, 1_800_000) },
  () => {
    test.for(variants)(
      'give them back and disturb nobody: $name',
      async ({ name, rounds, tells, wrapper }, context) => {
        await using block = await reservePorts(PORT_COUNT);
        const plan: ThreadsPlan = {
          spec: block.spec,
          portCount: PORT_COUNT,
          rounds,
          threadsPerRound: THREADS_PER_ROUND,
        };
        await using process = startProgram<ThreadsCommands>(program, {
          config: plan,
          wrapper: wrapper(context),
          env: { PORTSLICE_PORTS: block.spec },
        });

        const report = await process.call('runPlan');

        expect(report).toMatchObject({
          terminations: rounds * THREADS_PER_ROUND,
          failures: [],
          bystander: { disturbed: [] },
        });
        const { roundsWithOrphans, leftDescriptors, bystander } = report;
        // Otherwise it has proven nothing.
        expect(roundsWithOrphans > rounds / 3).toBe(tells);
        expect(bystander.opened).toBeGreaterThanOrEqual(200 * rounds);
        // A thread can end between a socket and its mark: then nobody knows whose it was.
        expect(leftDescriptors).toBeLessThanOrEqual(2 + (rounds * THREADS_PER_ROUND) / 2);
        console.log(`${name}: ${JSON.stringify(report)}`);
      },
    );
  },
);
