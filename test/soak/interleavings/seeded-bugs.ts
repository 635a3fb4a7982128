/** Mistakes that portslice could have, and the scenario that finds each. */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Abilities } from './scenario.ts';

interface Replacement {
  /** Relative to src. */
  readonly file: string;
  /** Must occur exactly once, so that a change of src cannot undo the mistake unnoticed. */
  readonly before: string;
  readonly after: string;
}

interface SeededBug {
  readonly name: string;
  readonly scenario: string;
  /** What the exploration says about it. */
  readonly problem: RegExp;
  readonly replacement?: Replacement;
  /** See model-kernel.ts. */
  /** What the kernel, which is modelled, does in place of what it should. */
  readonly mistakes?: Partial<Abilities>;
}

export const SEEDED_BUGS: readonly SeededBug[] = [
  {
    name: 'release of a foreign generation',
    scenario: '2x1',
    problem: /its record does not say so/,
    replacement: {
      file: 'pool/claim/free.ts',
      before: 'segment.transitionTo(claim.index, claim.word, state);',
      after: 'segment.transitionTo(claim.index, Atomics.load(segment.states, claim.index), state);',
    },
  },
  {
    name: 'lock before the swap, kept when the swap fails',
    scenario: '2x1',
    problem: /descriptors open, 0 of claims/,
    replacement: {
      file: 'pool/claim/claim.ts',
      before: `if (!session.segment.transition(index, word, claiming)) return undefined;
  const port = session.segment.ports.at(index);
  const lock = backingOff(session, index, claiming, [], () => session.kernel.takeLock(port));`,
      after: `const port = session.segment.ports.at(index);
  const lock = backingOff(session, index, claiming, [], () => session.kernel.takeLock(port));
  if (!session.segment.transition(index, word, claiming)) return undefined;`,
    },
  },
  {
    name: 'back-off from a word that is not our own any more',
    scenario: '2x1',
    problem: /its record does not say so/,
    replacement: {
      file: 'pool/claim/claim.ts',
      before: `Atomics.store(session.segment.releasedAtMs, index, session.nowMs());
  session.segment.transitionTo(index, claiming, PortState.free);`,
      after: `Atomics.store(session.segment.releasedAtMs, index, session.nowMs());
  Atomics.store(session.segment.states, index, claiming & ~15);`,
    },
  },
  {
    name: 'adoption of a claim without the lock',
    scenario: '2x1',
    problem: /takes a hold on port 0 without its lock/,
    replacement: {
      file: 'pool/claim/claim.ts',
      before: 'if (lock === undefined) return undefined;\n  traceTakeover(session, index);',
      after:
        "if (lock === undefined) return holdAndRecord(look, index, seize(session, index), 3, 'over-leftovers');",
    },
  },
  {
    name: 'adoption of descriptors without the check that their thread is gone',
    scenario: 'threads',
    problem: /closes the (lock|hold|mutex|unbound socket) of a thread that lives/,
    replacement: {
      file: 'platform/linux/thread-descriptors.ts',
      before: 'return threadId === 0 || !isAlive(threadId);',
      after: 'return true;',
    },
  },
  {
    name: 'no second look at the record once the lock is ours',
    scenario: '2x1',
    problem: /its record does not say so/,
    replacement: {
      file: 'pool/claim/publish.ts',
      before: 'if (!session.segment.transitionTo(index, claim.word, PortState.held)) {',
      after: 'if (session.segment.transitionTo(index, claim.word, PortState.held) && false) {',
    },
  },
  {
    name: 'a lock kept where something listens',
    scenario: 'leaks',
    problem: /descriptors open, 0 of claims/,
    replacement: {
      file: 'pool/claim/claim.ts',
      before: 'kernel.closeDescriptors([lock]);',
      after: '',
    },
  },
  {
    name: 'a claim that is known before it counts',
    scenario: 'counts',
    problem: /count of claims is wrong by -1/,
    replacement: {
      file: 'pool/claim/publish.ts',
      before: 'segment.addToHeader(HeaderWord.lifetimeClaims, claims.length);',
      after: `for (const claim of claims) publishOne(claim);
  segment.addToHeader(HeaderWord.lifetimeClaims, claims.length);`,
    },
  },
  {
    name: 'a second release that is not noticed',
    scenario: '2x1',
    problem: /which is not open|not its own|without its lock/,
    replacement: {
      file: 'pool/claim/release.ts',
      before: "if (claimState(claim) !== 'held') return;",
      after: '',
    },
  },
  {
    name: 'a hold that is bound with SO_REUSEADDR',
    scenario: 'stranger',
    problem: /a stranger has it too/,
    mistakes: { holds: 'beside binds' },
  },
];

/**
 * Makes the mistake in what is loaded from now on.
 * @returns what has to be made in the model
 */
export function seedBug(name: string | undefined): Partial<Abilities> {
  if (name === undefined) return {};
  const bug = SEEDED_BUGS.find((candidate) => candidate.name === name);
  if (bug === undefined) throw new Error(`There is no seeded bug '${name}'.`);
  if (bug.replacement !== undefined) replaceOnLoad(bug.replacement);
  return bug.mistakes ?? {};
}

function replaceOnLoad({ file, before, after }: Replacement): void {
  const target = new URL(`../../../src/${file}`, import.meta.url).href;
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      if (url !== target) return loaded;
      const parts = readFileSync(fileURLToPath(url), 'utf8').split(before);
      if (parts.length !== 2) throw new Error(`${file} has changed: it has not exactly one '${before}'.`);
      return { ...loaded, source: parts.join(after) };
    },
  });
}
