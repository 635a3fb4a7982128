/** Everything that the pool asks of Windows, bound to this thread. */
import { UnsupportedPlatformError } from '../../errors/index.ts';
import { holdTargetFor } from '../hold-target.ts';
import type { PortKernel } from '../port-kernel.ts';
import { checkOverLeftovers, checkStrictly, somethingListens, takeSeal, udpIsFree } from './hold.ts';
import { releaseLock, takeLock } from './lock.ts';
import { attachMemory, copyMemory, createMemory, findMemories } from './memory.ts';
import { randomBytes } from './random.ts';
import { resolveLocalHost } from './resolver.ts';
import { announceServedPort, closeAnnouncement, takeServedName } from './served-ports.ts';
import { hasIPv6 } from './sockets.ts';
import { closeDescriptor, closeOrphans } from './thread-descriptors.ts';
import { type Win32, win32 } from './win32.ts';

let kernel: PortKernel | undefined;

/** @throws ForeignFunctionError, UnsupportedPlatformError */
export function openWindowsKernel(): PortKernel {
  kernel ??= startKernel(win32());
  return kernel;
}

/** A new worker thread often replaces a terminated one, so it cleans up after that one first. */
function startKernel(api: Win32): PortKernel {
  if (!api.isMainThread) closeOrphans(api);
  return bindKernel(api);
}

function bindKernel(api: Win32): PortKernel {
  const machine = {
    hasIPv6: () => hasIPv6(api),
    resolveLocalHost: (host: string) => resolveLocalHost(api, host),
  };
  return {
    threadId: api.threadId,
    randomBytes: (byteLength) => randomBytes(api, byteLength),
    // There are none: a machine is one. Whoever is elsewhere does not find the memory.
    networkNamespace: () => 'windows',
    createMemory: (byteLength) => createMemory(api, byteLength),
    attachMemory: (locator, handle) => attachMemory(api, locator, handle),
    copyMemory: (locator) => copyMemory(api, locator),
    findMemories: () => findMemories(api),
    takeLock: (port) => takeLock(api, port),
    takeServedName: (folder, name) => takeServedName(api, folder, name),
    announceServedPort: (served) => announceServedPort(api, served),
    holdTargetFor: (hosts, family) => holdTargetFor(machine, hosts, family),
    takeHold: (port, target) => checkStrictly(api, port, target),
    takeHoldOverLeftovers: (port, target) => checkOverLeftovers(api, port, target),
    checkStrictly: (port, target) => checkStrictly(api, port, target),
    udpIsFree: (port) => udpIsFree(api, port),
    somethingListens: (port, addresses) => somethingListens(api, port, addresses),
    somethingListensBeside: () => {
      throw new UnsupportedPlatformError({ platform: `win32-${process.arch}`, capability: 'A hold' });
    },
    takeSeal: (port, addresses) => takeSeal(api, port, addresses),
    closeDescriptors: (descriptors) => closeAll(api, descriptors),
    closeOrphans: () => closeOrphans(api),
    // Nobody expects one here: the platform's guarantees say that ports are not held.
    findHoldProblem: () => undefined,
    findLockProblem: () => undefined,
    hasIPv6: machine.hasIPv6,
  };
}

/** Sockets, announcements, and locks, of which a thread can give back its own only. */
function closeAll(api: Win32, descriptors: readonly number[]): void {
  const failures: unknown[] = [];
  for (const descriptor of descriptors) {
    try {
      closeOne(api, descriptor);
    } catch (error) {
      // The others are closed all the same.
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

function closeOne(api: Win32, descriptor: number): void {
  if (closeAnnouncement(api, descriptor)) return;
  if (descriptor < 0) releaseLock(api, descriptor);
  else closeDescriptor(api, descriptor);
}
