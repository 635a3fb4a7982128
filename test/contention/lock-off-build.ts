/** A test build of portslice whose lock locks nothing: every other part is as it is in src. */
import { buildWith, type TestBuild } from '../support/test-build.ts';

export function buildWithoutLock(): TestBuild {
  return buildWith('lock-off', [
    {
      file: 'platform/linux/lock.ts',
      before: 'return takeName(libc, lockName(port));',
      // A name that no process will ask for again.
      after: 'return takeName(libc, `${lockName(port)}/${process.pid}/${process.hrtime.bigint()}`);',
    },
  ]);
}
