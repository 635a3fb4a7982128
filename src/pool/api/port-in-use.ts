/** Whether a port is in use, without disturbing whoever uses it. */
import { platform } from '../../platform/platform.ts';
import type { BoundAddresses, PortKernel } from '../../platform/port-kernel.ts';
import { findOwnClaim } from '../session/open-sessions.ts';
import { checkNames, checkPort } from '../session/option-checks.ts';
import { claimState } from '../session/port-claim.ts';
import { checkOwnerOptions, type TCPPortOwnerOptions } from './owner-options.ts';

/**
 * Tells whether something listens on the port, or another owner has it. TIME_WAIT does not count, nor does an owner
 * of this thread on whose port nothing listens.
 * @param port from 1 to 65535
 * @throws InvalidOptionError, HostError, ResourceLimitError, PermissionError, ForeignFunctionError, UnsupportedPlatformError
 */
export function portIsInUse(
  port: number,
  options: Pick<TCPPortOwnerOptions, 'hosts' | 'socketAddressFamily'> = {},
): boolean {
  checkPort(port);
  checkNames(options, ['hosts', 'socketAddressFamily']);
  const { hosts, socketAddressFamily } = checkOwnerOptions(options);
  const kernel = platform.openKernel();
  const target = kernel.holdTargetFor(hosts, socketAddressFamily);
  if (isOwnedHere(port)) return isListenedOn(kernel, port, target.addresses);
  const lock = kernel.takeLock(port);
  if (lock === undefined) return true;
  try {
    return isListenedOn(kernel, port, target.addresses);
  } finally {
    kernel.closeDescriptors([lock]);
  }
}

function isListenedOn(kernel: PortKernel, port: number, addresses: BoundAddresses): boolean {
  return kernel.somethingListens(port, addresses) && !platform.isOnlyInTimeWait(port);
}

function isOwnedHere(port: number): boolean {
  const claim = findOwnClaim(port);
  return claim !== undefined && claimState(claim) === 'held';
}
