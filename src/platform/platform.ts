/**
 * Chooses the operating system, once. The only reader of `process.platform`: a missing capability is an explicit
 * error behind the same name, not a condition at the caller.
 */
import { EphemeralRangeError, UnsupportedPlatformError } from '../errors/index.ts';
import { system as linux } from './linux/platform.ts';
import { loadLater } from './load-system.ts';
import type { Platform } from './port-kernel.ts';
import { readRangeByCommand } from './sysctl-range.ts';

const unsupported = (name: NodeJS.Platform): Platform => ({
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
});

/** Each is made where it is needed: every process that imports portslice comes by here. */
const choose = ofThisPlatform<() => Platform>(
  {
    linux: () => linux,
    darwin: () => loadLater('darwin/platform', unsupported('darwin')),
    win32: () => loadLater('windows/platform', unsupported('win32')),
    freebsd: () => ({ ...unsupported('freebsd'), readEphemeralRange: readRangeByCommand }),
  },
  (name) => () => unsupported(name),
);

export const platform: Platform = choose();

/** As the packages of the addons have it, such as 'linux-x64'. */
export function addonTarget(): string {
  return `${process.platform}-${process.arch}`;
}

/** One of what each of the systems has. */
export function ofThisPlatform<T>(
  parts: Readonly<Partial<Record<NodeJS.Platform, T>>>,
  otherwise: (name: NodeJS.Platform) => T,
): T {
  return parts[process.platform] ?? otherwise(process.platform);
}
