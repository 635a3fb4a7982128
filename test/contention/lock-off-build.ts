/**
 * A test build of portslice whose lock locks nothing. A hold that is bound strictly would keep our own apart too, so holds are bound in the
 * order of before. Every other part is as it is in src.
 */
import { buildWith, type TestBuild } from '../support/test-build.ts';

export function buildWithoutLock(): TestBuild {
  return buildWith('lock-off', [
    {
      file: 'platform/linux/lock.ts',
      before: 'return takeName(libc, lockName(port));',
      // A name that no process will ask for again.
      after: 'return takeName(libc, `${lockName(port)}/${process.pid}/${process.hrtime.bigint()}`);',
    },
    {
      file: 'platform/linux/hold.ts',
      before: 'knownToWorkAfterBind(libc) === false ? HELD_OVER_OTHERS : HELD_STRICTLY',
      after: 'HELD_OVER_OTHERS',
    },
  ]);
}
