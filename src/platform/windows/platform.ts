/** What there is of the platform on Windows. Loaded by load-system.ts. */
import type { Platform } from '../port-kernel.ts';
import { readWindowsEphemeralRange, readWindowsExcludedRanges } from './ephemeral-range.ts';
import { openWindowsKernel } from './kernel.ts';
import {
  findAddressesOfPort,
  findAddressesOfProcess,
  findListeners,
  findListeningPorts,
  isOnlyInTimeWait,
} from './listeners.ts';
import { isAlive, isRunning } from './liveness.ts';
import { findLockHolders } from './lock-holders.ts';
import { findAncestors, findEnd } from './processes.ts';
import { findServedPorts } from './served-ports.ts';

export const system: Partial<Platform> = {
  readEphemeralRange: readWindowsEphemeralRange,
  readExcludedRanges: readWindowsExcludedRanges,
  openKernel: openWindowsKernel,
  isAlive,
  isRunning,
  findListeners,
  findListeningPorts,
  findAddressesOfPort,
  findAddressesOfProcess,
  findLockHolders,
  findServedPorts,
  isOnlyInTimeWait,
  findAncestors,
  findEnd,
};
