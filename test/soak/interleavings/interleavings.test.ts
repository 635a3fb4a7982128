/**
 * Whatever the order in which claimants take their steps, and wherever they are killed: no port has two owners, none is
 * lost, every claimant finishes.
 *
 * The evidence: the product's own code runs on a model of the kernel, one atomic instruction or system call at a time, and
 * all orders are explored, not a sample. In each state, every owner has his lock, his hold and a record that says so,
 * and nobody has closed what is not his. In each state in which all have finished or crashed, a newcomer gets every
 * port, no descriptor is left over and the count of claims is right. And it finds bugs: see seeded-bugs.ts.
 */
import { describe, expect, test } from 'vitest';
import { repetitions, soakTimeoutMs } from '../scale.ts';
import { exploreScenario } from './exploration.ts';
import type { Exploration } from './explorer.ts';
import { SEEDED_BUGS } from './seeded-bugs.ts';

const TIMEOUT_MS = soakTimeoutMs(300_000, 3_600_000);
const isFull = repetitions(0, 1) === 1;

/** Named after the number of actors and ports; what it must have come by, or it would prove nothing. */
const SHORT: Readonly<Record<string, readonly string[]>> = {
  '2x1': ['backed off', 'had been taken for dead', 'took from the dead', 'was outrun', 'found nothing'],
  '2x2': ['borrowed', 'took from the dead'],
  counts: ['had been taken for dead', 'took from the dead'],
  gradual: ['backed off', 'took from the dead'],
  slices: ['borrowed'],
  threads: ['adopted'],
  stranger: ['was kept out', 'released'],
  leftovers: ['was kept out', 'released'],
  // A kernel whose ports nothing holds, and one whose locks end with a thread.
  '2x1 on macOS': [
    'backed off',
    'had been taken for dead',
    'took from the dead',
    'was outrun',
    'found nothing',
  ],
  'gradual on macOS': ['backed off', 'took from the dead'],
  'leftovers on macOS': ['was kept out', 'released'],
  'threads on macOS': ['adopted'],
  '2x1 on Windows': ['backed off', 'had been taken for dead', 'took from the dead', 'was outrun'],
  'threads on Windows': ['took from the dead'],
};
const FULL: Readonly<Record<string, readonly string[]>> = {
  '2x1 unreduced': ['backed off', 'had been taken for dead', 'took from the dead', 'was outrun'],
  '2x2 twice': ['borrowed', 'released'],
  '2x2 rested': ['borrowed', 'released'],
  seals: ['sealed', 'leaked', 'freed a seal'],
  'threads in turn': ['adopted', 'released'],
  pair: ['released', 'found nothing'],
  pairs: ['released', 'found nothing'],
  'stranger of two': ['backed off', 'was kept out', 'took from the dead', 'was outrun'],
  'own leak': ['leaked', 'freed a seal'],
  leaks: ['leaked', 'freed a seal'],
  '2x2 on macOS': ['borrowed', 'took from the dead'],
  'seals on macOS': ['sealed', 'leaked', 'freed a seal'],
  'own leak on macOS': ['leaked', 'freed a seal'],
  'leaks on macOS': ['leaked', 'freed a seal'],
  'pair on macOS': ['released', 'found nothing'],
  'stranger on macOS': ['was kept out', 'released', 'leaked', 'freed a seal'],
  '3x1 on macOS': ['backed off', 'had been taken for dead', 'took from the dead', 'was outrun'],
  'threads in turn on Windows': ['took from the dead', 'released'],
  '2x2 on Windows': ['borrowed', 'took from the dead'],
  'seals on Windows': ['sealed', 'leaked', 'freed a seal'],
  '3x1': ['backed off', 'had been taken for dead', 'took from the dead', 'was outrun'],
  '3x2': ['backed off', 'borrowed', 'had been taken for dead', 'took from the dead', 'was outrun'],
};

describe('every order of steps, with a crash after any of them, keeps every promise', () => {
  test.each(Object.entries(isFull ? { ...SHORT, ...FULL } : SHORT))(
    'in the scenario %s',
    { timeout: TIMEOUT_MS },
    async (scenario, events) => {
      const startMs = performance.now();
      const exploration = await exploreScenario(scenario, TIMEOUT_MS);
      report(exploration, performance.now() - startMs);
      expect(exploration.violation).toBeUndefined();
      expect(exploration.events).toEqual(expect.arrayContaining([...events]));
      expect(exploration.endCount).toBeGreaterThan(0);
    },
  );

  test(
    'as far as steps that concern nobody else can be taken together',
    { timeout: TIMEOUT_MS },
    async () => {
      const reduced = await exploreScenario('2x1', TIMEOUT_MS);
      const unreduced = await exploreScenario('2x1 unreduced', TIMEOUT_MS);
      expect(unreduced.violation).toBeUndefined();
      expect(unreduced.events).toEqual(reduced.events);
      expect(unreduced.endCount).toBe(reduced.endCount);
    },
  );
});

describe('the exploration finds', () => {
  test.each(SEEDED_BUGS)('$name', { timeout: TIMEOUT_MS }, async ({ name, scenario, problem }) => {
    const { violation } = await exploreScenario(scenario, TIMEOUT_MS, name);
    if (isFull) console.log([violation?.problem, ...(violation?.steps ?? [])].join('\n  '));
    expect(violation?.problem).toMatch(problem);
    expect(violation?.steps.length).toBeGreaterThan(0);
  });
});

function report(
  { scenario, stateCount, transitionCount, maxStepCount }: Exploration,
  durationMs: number,
): void {
  if (!isFull) return;
  console.log(
    `${scenario}: ${stateCount} states, ${transitionCount} transitions, at most ${maxStepCount} steps of an actor, ` +
      `${Math.round(durationMs / 1000)} s`,
  );
}
