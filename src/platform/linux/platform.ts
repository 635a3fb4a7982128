/** Linux, as the rest of portslice asks for it. */
import type { Platform } from '../port-kernel.ts';
import { readLinuxEphemeralRange } from './ephemeral-range.ts';
import { openLinuxKernel } from './kernel.ts';
import {
  findAddressesOfPort,
  findAddressesOfProcess,
  findListeners,
  findListeningPorts,
  findUDPUsers,
  isOnlyInTimeWait,
} from './listeners.ts';
import { isAlive, isRunning } from './liveness.ts';
import { findLockHolders } from './lock-holders.ts';
import { findAncestors, findEnd, findEndedWrapper, findUser, hasChildBeforeExec } from './processes.ts';
import { findServedPorts } from './served-ports.ts';

export const system: Platform = {
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
