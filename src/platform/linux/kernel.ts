/** Everything that the pool asks of Linux, bound to this thread's C library. */
import type { PortKernel } from '../port-kernel.ts';
import { findAncestors } from './ancestors.ts';
import { holdTargetFor } from './hold-target.ts';
import { testHold } from './hold-test.ts';
import { checkStrictly, closeAll, hasIPv6, somethingListens, takeHold, takeSeal } from './hold.ts';
import { libc } from './libc.ts';
import { findListeners, isOnlyInTimeWait } from './listeners.ts';
import { takeLock, takeName } from './lock.ts';
import { attachMemory, createMemory } from './memory.ts';
import { networkNamespace } from './network-namespace.ts';
import { closeOrphans } from './orphans.ts';
import { randomBytes } from './random.ts';

/** @throws ForeignFunctionError */
export function openLinuxKernel(): PortKernel {
  const c = libc();
  return {
    threadId: c.threadId,
    randomBytes: (byteLength) => randomBytes(c, byteLength),
    networkNamespace: () => networkNamespace(c),
    createMemory: (byteLength) => createMemory(c, byteLength),
    attachMemory: (handle, processId, descriptor) => attachMemory(c, handle, processId, descriptor),
    takeName: (name) => takeName(c, name),
    takeLock: (port) => takeLock(c, port),
    holdTargetFor: (hosts, family) => holdTargetFor(c, hosts, family),
    takeHold: (port, target) => takeHold(c, port, target),
    checkStrictly: (port, target) => checkStrictly(c, port, target),
    somethingListens: (port, addresses) => somethingListens(c, port, addresses),
    takeSeal: (port, addresses) => takeSeal(c, port, addresses),
    closeDescriptors: (descriptors) => closeAll(c, descriptors),
    closeOrphans: () => closeOrphans(c),
    testHold: (port) => testHold(c, port),
    hasIPv6: () => hasIPv6(c),
    findListeners,
    isOnlyInTimeWait,
    findAncestors,
  };
}
