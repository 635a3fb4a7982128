/** Mistakes that src could have, each a test build with one text replaced, and the scenario that finds it. */
import type { Replacement } from '../../support/test-build.ts';

export interface SeededBug extends Replacement {
  readonly name: string;
  readonly scenario: string;
  /** What the exploration says about it. */
  readonly problem: RegExp;
}

export const SEEDED_BUGS: readonly SeededBug[] = [
  {
    name: 'release of a foreign generation',
    scenario: '2x1',
    file: 'pool/claim/release.ts',
    before: 'segment.transitionTo(claim.index, claim.word, state);',
    after: 'segment.transitionTo(claim.index, Atomics.load(segment.states, claim.index), state);',
    problem: /its record does not say so/,
  },
  {
    name: 'lock before the swap, kept when the swap fails',
    scenario: '2x1',
    file: 'pool/claim/claim.ts',
    before: `if (!session.segment.transition(index, word, mine)) return undefined;
  const lock = backingOff(search, index, mine, [], () => session.kernel.takeLock(portAt(session, index)));`,
    after: `const lock = backingOff(search, index, mine, [], () => session.kernel.takeLock(portAt(session, index)));
  if (!session.segment.transition(index, word, mine)) return undefined;`,
    problem: /descriptors open, 0 of claims/,
  },
  {
    name: 'back-off from a word that is not our own any more',
    scenario: '2x1',
    file: 'pool/claim/claim.ts',
    before: `Atomics.store(session.segment.releasedAtMs, index, session.nowMs());
  session.segment.transitionTo(index, mine, PortState.free);`,
    after: `Atomics.store(session.segment.releasedAtMs, index, session.nowMs());
  Atomics.store(session.segment.states, index, withState(mine, PortState.free));`,
    problem: /its record does not say so/,
  },
  {
    name: 'adoption of a claim without the lock',
    scenario: '2x1',
    file: 'pool/claim/claim.ts',
    before: 'return lock === undefined ? undefined : guard(search, index, seize(session, index), lock);',
    after: 'return guard(search, index, seize(session, index), lock ?? 3);',
    problem: /takes a hold on port 0 without its lock/,
  },
  {
    name: 'adoption of descriptors without the check that their thread is gone',
    scenario: 'threads',
    file: 'platform/linux/thread-descriptors.ts',
    before: 'return threadId === 0 || !isAlive(threadId);',
    after: 'return true;',
    problem: /closes the (lock|hold|mutex|unbound socket) of a thread that lives/,
  },
  {
    name: 'no second look at the record once the lock is ours',
    scenario: '2x1',
    file: 'pool/claim/claim.ts',
    before: 'if (!segment.transitionTo(claim.index, claim.word, PortState.held)) {',
    after: 'if (segment.transitionTo(claim.index, claim.word, PortState.held) && false) {',
    problem: /its record does not say so/,
  },
  {
    name: 'a lock kept where something listens',
    scenario: 'leaks',
    file: 'pool/claim/claim.ts',
    before: 'kernel.closeDescriptors([lock]);',
    after: '',
    problem: /descriptors open, 0 of claims/,
  },
  {
    name: 'a claim that is known before it counts',
    scenario: 'counts',
    file: 'pool/claim/claim.ts',
    before: 'segment.addToHeader(HeaderWord.lifetimeClaims, claims.length);',
    after: `for (const claim of claims) publish(claim);
  segment.addToHeader(HeaderWord.lifetimeClaims, claims.length);`,
    problem: /count of claims is wrong by -1/,
  },
  {
    name: 'a second release that is not noticed',
    scenario: '2x1',
    file: 'pool/claim/release.ts',
    before: "if (claim.phase !== 'held') return;",
    after: '',
    problem: /which is not open|not its own|without its lock/,
  },
];
