/** Everything that the pool asks of Linux, bound to this thread's C library. */
import { UnsupportedPlatformError } from '../../errors/index.ts';
import type { PortKernel } from '../port-kernel.ts';
import { closeAll } from './bound-addresses.ts';
import { holdTargetFor } from './hold-target.ts';
import { findHoldProblem } from './hold-test.ts';
import {
  checkStrictly,
  hasIPv6,
  somethingListens,
  somethingListensBeside,
  takeHold,
  takeSeal,
} from './hold.ts';
import { takeHoldOverLeftovers } from './leftovers.ts';
import { type LibC, libc } from './libc.ts';
import { takeLock, takeName } from './lock.ts';
import { attachMemory, createMemory } from './memory.ts';
import { networkNamespace } from './network-namespace.ts';
import { closeOrphans } from './orphans.ts';
import { randomBytes } from './random.ts';

/** Those whose C structures and numbers are as constants.ts, scratch.ts and resolver.ts have them. */
const KNOWN_PROCESSORS: readonly string[] = ['x64', 'arm64', 'riscv64', 'loong64'];

let kernel: PortKernel | undefined;

/** @throws ForeignFunctionError, UnsupportedPlatformError */
export function openLinuxKernel(): PortKernel {
  if (!KNOWN_PROCESSORS.includes(process.arch)) {
    throw new UnsupportedPlatformError(`linux-${process.arch}`, 'The allocation of ports');
  }
  kernel ??= bindKernel(libc());
  return kernel;
}

function bindKernel(c: LibC): PortKernel {
  return {
    threadId: c.threadId,
    randomBytes: (byteLength) => randomBytes(c, byteLength),
    networkNamespace: () => networkNamespace(c),
    createMemory: (byteLength) => createMemory(c, byteLength),
    attachMemory: (handle, processId, descriptor) => attachMemory(c, handle, processId, descriptor),
    takeName: (name) => takeName(c, name),
    takeLock: (port) => takeLock(c, port),
    holdTargetFor: (hosts, family) => holdTargetFor(c, hosts, family),
    takeHold: (port) => takeHold(c, port),
    takeHoldOverLeftovers: (port, target) => takeHoldOverLeftovers(c, port, target),
    checkStrictly: (port, target) => checkStrictly(c, port, target),
    somethingListens: (port, addresses) => somethingListens(c, port, addresses),
    somethingListensBeside: (hold) => somethingListensBeside(c, hold),
    takeSeal: (port, addresses) => takeSeal(c, port, addresses),
    closeDescriptors: (descriptors) => closeAll(c, descriptors),
    closeOrphans: () => closeOrphans(c),
    findHoldProblem: () => findHoldProblem(c),
    hasIPv6: () => hasIPv6(c),
  };
}
