/**
 * Chooses the operating system, once. The only reader of `process.platform`: a missing capability is an explicit
 * error behind the same name, not a condition at the caller.
 */
import { EphemeralRangeError, UnsupportedPlatformError } from '../errors/index.ts';
import { readLinuxEphemeralRange } from './linux/ephemeral-range.ts';
import { openLinuxKernel } from './linux/kernel.ts';
import {
  findAddressesOfPort,
  findAddressesOfProcess,
  findListeners,
  findListeningPorts,
  findUDPUsers,
  isOnlyInTimeWait,
} from './linux/listeners.ts';
import { isAlive, isRunning } from './linux/liveness.ts';
import { findLockHolders } from './linux/lock-holders.ts';
import { findAncestors, findEnd, findEndedWrapper, findUser, hasChildBeforeExec } from './linux/processes.ts';
import { findServedPorts } from './linux/served-ports.ts';
import { loadLater } from './load-system.ts';
import type { Platform } from './port-kernel.ts';
import { readRangeByCommand } from './sysctl-range.ts';

function choosePlatform(name: NodeJS.Platform): Platform {
  const unsupported: Platform = {
    readEphemeralRange: () => {
      throw new EphemeralRangeError({
        source: `the platform '${name}'`,
        problem: 'this platform is unknown',
      });
    },
    readExcludedRanges: () => [],
    hasHolds: () => false,
    openKernel: () => {
      throw new UnsupportedPlatformError({ platform: name, capability: 'The allocation of ports' });
    },
    isAlive: () => false,
    isRunning: () => false,
    findListeners: () => undefined,
    findUDPUsers: () => undefined,
    findListeningPorts: () => undefined,
    findAddressesOfPort: () => [],
    findAddressesOfProcess: () => [],
    findLockHolders: () => new Map(),
    findServedPorts: () => [],
    isOnlyInTimeWait: () => false,
    findAncestors: () => [],
    findUser: () => undefined,
    findEnd: () => undefined,
    findEndedWrapper: () => undefined,
    hasChildBeforeExec: () => false,
  };
  switch (name) {
    case 'linux':
      return {
        readEphemeralRange: readLinuxEphemeralRange,
        readExcludedRanges: () => [],
        hasHolds: () => true,
        openKernel: openLinuxKernel,
        isAlive,
        isRunning,
        findListeners,
        findUDPUsers,
        findListeningPorts,
        findAddressesOfPort,
        findAddressesOfProcess,
        findLockHolders,
        findServedPorts,
        isOnlyInTimeWait,
        findAncestors,
        findUser,
        findEnd,
        findEndedWrapper,
        hasChildBeforeExec,
      };
    case 'darwin':
      return loadLater('darwin/platform', unsupported);
    case 'freebsd':
      return { ...unsupported, readEphemeralRange: readRangeByCommand };
    case 'win32':
      return loadLater('windows/platform', unsupported);
    default:
      return unsupported;
  }
}

export const platform: Platform = choosePlatform(process.platform);

/** As the packages of the addons have it, such as 'linux-x64'. */
export function addonTarget(): string {
  return `${process.platform}-${process.arch}`;
}

/** For parts of a platform that are loaded later. */
export function ofThisPlatform<T>(
  parts: Readonly<Partial<Record<NodeJS.Platform, T>>>,
  otherwise: (name: NodeJS.Platform) => T,
): T {
  return parts[process.platform] ?? otherwise(process.platform);
}
