/** Everything that the pool asks of macOS, bound to this thread's system library. */
import { holdTargetFor } from '../hold-target.ts';
import type { PortKernel } from '../port-kernel.ts';
import { closeAll } from './bound-addresses.ts';
import { udpIsFree } from './datagrams.ts';
import {
  checkStrictly,
  somethingListens,
  somethingListensBeside,
  takeHold,
  takeHoldOverLeftovers,
  takeSeal,
} from './hold.ts';
import { type LibC, libc } from './libc.ts';
import { localAddresses } from './local-addresses.ts';
import { takeLock } from './lock.ts';
import { attachMemory, copyMemory, createMemory, findMemories } from './memory.ts';
import { closeOrphans } from './orphans.ts';
import { randomBytes } from './random.ts';
import { findLockProblem } from './resolver.ts';
import { announceServedPort, takeServedName } from './served-ports.ts';

let kernel: PortKernel | undefined;

/** @throws ForeignFunctionError, UnsupportedPlatformError */
export function openDarwinKernel(): PortKernel {
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
    // All processes of the machine share one.
    networkNamespace: () => 'machine',
    createMemory: (byteLength) => createMemory(c, byteLength),
    attachMemory: (locator, handle) => attachMemory(c, locator, handle),
    copyMemory: (locator) => copyMemory(c, locator),
    findMemories: () => findMemories(c),
    takeLock: (port) => takeLock(c, port),
    takeServedName: (folder, name) => takeServedName(c, folder, name),
    announceServedPort: (served) => announceServedPort(c, served),
    holdTargetFor: (hosts, family) => holdTargetFor(machine, hosts, family),
    takeHold: (port, target) => takeHold(c, port, target),
    takeHoldOverLeftovers: (port, target) => takeHoldOverLeftovers(c, port, target),
    checkStrictly: (port, target) => checkStrictly(c, port, target),
    udpIsFree: (port) => udpIsFree(c, port),
    somethingListens: (port, addresses) => somethingListens(c, port, addresses),
    somethingListensBeside,
    takeSeal: (port, addresses) => takeSeal(c, port, addresses),
    closeDescriptors: (descriptors) => closeAll(c, descriptors),
    closeOrphans: () => closeOrphans(c),
    // There is no hold that could have one: docs/macos.md says what keeps the port instead.
    findHoldProblem: () => undefined,
    findLockProblem: () => findLockProblem(c),
    hasIPv6: () => machine.hasIPv6(),
  };
}
