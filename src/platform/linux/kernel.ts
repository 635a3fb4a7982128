/** Everything that the pool asks of Linux, bound to this thread's C library. */
import { UnsupportedPlatformError } from '../../errors/index.ts';
import { holdTargetFor } from '../hold-target.ts';
import type { PortKernel } from '../port-kernel.ts';
import { closeAll } from './bound-addresses.ts';
import { udpIsFree } from './datagrams.ts';
import { findHoldProblem } from './hold-test.ts';
import { checkStrictly, somethingListens, somethingListensBeside, takeHold, takeSeal } from './hold.ts';
import { takeHoldOverLeftovers } from './leftovers.ts';
import { type LibC, libc } from './libc.ts';
import { localAddresses } from './local-addresses.ts';
import { takeLock } from './lock.ts';
import { attachMemory, copyMemory, createMemory, findMemories } from './memory.ts';
import { networkNamespace } from './network-namespace.ts';
import { closeOrphans } from './orphans.ts';
import { randomBytes } from './random.ts';
import { announceServedPort, takeServedName } from './served-ports.ts';

/** Those whose C structures and numbers are as constants.ts, scratch.ts and resolver.ts have them. */
const KNOWN_PROCESSORS: readonly string[] = ['x64', 'arm64', 'riscv64', 'loong64'];

let kernel: PortKernel | undefined;

/** @throws ForeignFunctionError, UnsupportedPlatformError */
export function openLinuxKernel(): PortKernel {
  if (!KNOWN_PROCESSORS.includes(process.arch)) {
    throw new UnsupportedPlatformError({
      platform: `linux-${process.arch}`,
      capability: 'The allocation of ports',
    });
  }
  kernel ??= startKernel(libc());
  return kernel;
}

/** A new worker thread often replaces a terminated one, so it cleans up after that one first. */
function startKernel(c: LibC): PortKernel {
  if (!c.isMainThread) closeOrphans(c);
  return bindKernel(c);
}

function bindKernel(c: LibC): PortKernel {
  const machine = localAddresses(c);
  return {
    threadId: c.threadId,
    randomBytes: (byteLength) => randomBytes(c, byteLength),
    networkNamespace: () => networkNamespace(c),
    createMemory: (byteLength) => createMemory(c, byteLength),
    attachMemory: (locator, handle) => attachMemory(c, locator, handle),
    copyMemory: (locator) => copyMemory(c, locator),
    findMemories,
    takeLock: (port) => takeLock(c, port),
    takeServedName: (folder, name) => takeServedName(c, folder, name),
    announceServedPort: (served) => announceServedPort(c, served),
    holdTargetFor: (hosts, family) => holdTargetFor(machine, hosts, family),
    takeHold: (port) => takeHold(c, port),
    takeHoldOverLeftovers: (port, target) => takeHoldOverLeftovers(c, port, target),
    checkStrictly: (port, target) => checkStrictly(c, port, target),
    udpIsFree: (port) => udpIsFree(c, port),
    somethingListens: (port, addresses) => somethingListens(c, port, addresses),
    somethingListensBeside: (hold) => somethingListensBeside(c, hold),
    takeSeal: (port, addresses) => takeSeal(c, port, addresses),
    closeDescriptors: (descriptors) => closeAll(c, descriptors),
    closeOrphans: () => closeOrphans(c),
    findHoldProblem: () => findHoldProblem(c),
    findLockProblem: () => undefined,
    hasIPv6: () => machine.hasIPv6(),
  };
}
