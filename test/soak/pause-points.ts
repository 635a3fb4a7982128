/**
 * A test build of portslice that can stop in the middle of what it does: at each pause point it calls a global function
 * of the program that has loaded it, if there is one. What it does otherwise is what src does.
 */
import { buildWith, type Replacement, type TestBuild } from '../support/test-build.ts';

/** Before which statement of which file each point lies. Only in src/pool and src/core, where no system call is made. */
const anchors = {
  'the memory is empty': ['pool/session/pool-session.ts', 'writeSegment(memory.buffer, facts, plan);'],
  'the magic is missing': [
    'core/segment-format.ts',
    'Atomics.store(words, HeaderWord.magic, SEGMENT_MAGIC);',
  ],
  'the beacon is bound': ['pool/session/pool-session.ts', 'const handle = formatPoolHandle({ processId'],
  'the memory is mapped': [
    'pool/session/pool-session.ts',
    'const problem = findSegmentProblem(memory.buffer',
  ],
  'the memory is verified': ['pool/session/pool-session.ts', 'return remember(session);'],
  'the record is swapped': ['pool/claim/claim.ts', 'const lock = backingOff(search, index, mine, [], '],
  'the lock of the dead is taken': ['pool/claim/claim.ts', 'return lock === undefined ? undefined : guard('],
  'the lock is taken': ['pool/claim/claim.ts', 'const hold = backingOff(search, index, mine, [lock], '],
  'the hold is taken': ['pool/claim/claim.ts', 'session.claims.add(claim);'],
  'the probe is done': ['pool/claim/release.ts', 'endClaim(claim);\n  if (leak'],
  'an incomplete set goes back': [
    'pool/claim/release.ts',
    'move(claim, PortState.releasing);\n  freeClaim(claim);',
  ],
  'the record says releasing': ['pool/claim/release.ts', "claim.phase = 'released';"],
  'the hold is closed': ['pool/claim/release.ts', 'session.kernel.closeDescriptors([lock]);'],
  'the lock is closed': ['pool/claim/release.ts', 'move(claim, PortState.free);'],
  'the hold is closed for a seal': [
    'pool/claim/release.ts',
    'claim.hold = { descriptors: [], addresses: hold.addresses };',
  ],
} as const;

export type PausePoint = keyof typeof anchors;

/** @param changes what else is different in it, to see that the proof notices */
export function buildWithPausePoints(changes: readonly Replacement[] = []): TestBuild {
  const pauses = Object.entries(anchors).map(([point, [file, statement]]) => ({
    file,
    before: statement,
    after: `globalThis.pausePoint?.('${point}'); ${statement}`,
  }));
  return buildWith('pausing', [...pauses, ...changes]);
}
