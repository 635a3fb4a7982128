import { expect, test } from 'vitest';
import { SystemCallError } from '../../../src/errors/index.ts';
import { libc } from '../../../src/platform/darwin/libc.ts';
import { takeLock } from '../../../src/platform/darwin/lock.ts';
import { platform } from '../../../src/platform/platform.ts';
import { errorOf } from '../../support/catch-error.ts';
import { reservePorts } from '../../support/port-block.ts';
import { describeLocks } from '../conformance/locks.ts';

describeLocks('the Darwin stand-in', () => platform.openKernel());

test('A process that cannot find the loopback interface locks nothing, and not in the file that others do not use', async () => {
  await using block = await reservePorts(1);
  const [port] = block.ports as [number];
  const lost = await errorOf(SystemCallError, () => takeLock({ ...libc(), loopbackScopeId: 0 }, port));
  expect(lost).toMatchObject({ systemCall: 'if_nametoindex(lo0)', errnoName: 'ENXIO' });
});
