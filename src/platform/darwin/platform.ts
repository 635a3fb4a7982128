/** Everything that is asked of macOS. */
import type { Platform } from '../port-kernel.ts';
import { readDarwinEphemeralRange } from './ephemeral-range.ts';
import { openDarwinKernel } from './kernel.ts';
import {
  findAddressesOfPort,
  findAddressesOfProcess,
  findListeners,
  findListeningPorts,
  isOnlyInTimeWait,
} from './listeners.ts';
import { isAlive, isRunning } from './liveness.ts';
import { findLockHolders } from './lock-holders.ts';
import { findAncestors, findEnd, findEndedWrapper, findUser, hasChildBeforeExec } from './processes.ts';
import { findServedPorts } from './served-ports.ts';

export const system: Partial<Platform> = {
  readEphemeralRange: readDarwinEphemeralRange,
  readExcludedRanges: () => [],
  openKernel: openDarwinKernel,
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
  findUser,
  findEnd,
  findEndedWrapper,
  hasChildBeforeExec,
};
