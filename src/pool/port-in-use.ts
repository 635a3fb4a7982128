/** Whether a port is in use, without disturbing whoever uses it. */
import { HIGHEST_PORT, LOWEST_PORT } from '../core/port-range.ts';
import { InvalidOptionError } from '../errors.ts';
import { platform } from '../platform/platform.ts';
import type { InternetAddress, PortKernel } from '../platform/port-kernel.ts';
import { checkOptions, type TCPPortOwnerOptions } from './owner-options.ts';
import { openSessions } from './pool-session.ts';

/**
 * Tells whether something listens on the port, or another owner has it. TIME_WAIT does not count, nor does an owner
 * of this thread on whose port nothing listens.
 * @param port from 1 to 65535
 * @throws InvalidOptionError, HostError, ResourceLimitError, PermissionError
 */
export function portIsInUse(
  port: number,
  options: Pick<TCPPortOwnerOptions, 'hosts' | 'socketAddressFamily'> = {},
): boolean {
  checkPort(port);
  const { hosts, socketAddressFamily } = checkOptions(options);
  const kernel = platform.openKernel();
  const target = kernel.holdTargetFor(hosts, socketAddressFamily);
  if (isOwnedHere(port)) return isListenedOn(kernel, port, target.exactAddresses);
  const lock = kernel.takeLock(port);
  if (lock === undefined) return true;
  try {
    return isListenedOn(kernel, port, target.exactAddresses);
  } finally {
    kernel.closeDescriptors([lock]);
  }
}

/** @throws InvalidOptionError */
export function checkPort(port: unknown): asserts port is number {
  if (typeof port === 'number' && Number.isInteger(port) && port >= LOWEST_PORT && port <= HIGHEST_PORT)
    return;
  throw new InvalidOptionError('port', port, `an integer from ${LOWEST_PORT} to ${HIGHEST_PORT}`);
}

function isListenedOn(
  kernel: PortKernel,
  port: number,
  addresses: readonly InternetAddress[] | undefined,
): boolean {
  return kernel.somethingListens(port, addresses) && !kernel.isOnlyInTimeWait(port);
}

function isOwnedHere(port: number): boolean {
  for (const session of openSessions()) {
    for (const claim of session.claims) if (claim.port === port && claim.phase === 'held') return true;
  }
  return false;
}
