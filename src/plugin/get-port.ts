/**
 * The functions of the package get-port, on owners: of the test that is running, else of the file or worker whose hook runs, else
 * of the process.
 */
import { HIGHEST_PORT } from '../core/port-range.ts';
import { threadState } from '../platform/thread-state.ts';
import { portIsInUse } from '../pool/api/port-in-use.ts';
import { TCPPortOwner } from '../pool/api/tcp-port-owner.ts';
import { findOwnClaim } from '../pool/session/open-sessions.ts';
import { findScope, wantScopes } from './find-scope.ts';
import { type Options, toAcquireOptions } from './get-port-options.ts';

export type { Options };

const LABEL_OF_PROCESS = 'getPort() outside of tests';
/** get-port has no ranges below. */
const LOWEST_OF_RANGE = 1024;

/** That are not known to be given back. */
function given(): Set<TCPPortOwner> {
  return threadState('get-port', () => new Set<TCPPortOwner>());
}

/**
 * A port that nobody else gets: until the end of the test that asks for it; in a hook that runs once, of the file or worker;
 * outside of tests, and with `reserve`, of this process.
 * @throws as `TCPPortOwner.acquire`
 */
export default async function getPort(options: Options = {}): Promise<number> {
  const asked = toAcquireOptions(options);
  wantScopes();
  const scope = options.reserve === true ? undefined : await findScope();
  const owner =
    scope === undefined
      ? await TCPPortOwner.acquire({ ...asked, label: LABEL_OF_PROCESS })
      : await scope.acquire(asked);
  const owners = given();
  for (const earlier of owners) if (findOwnClaim(earlier.port) === undefined) owners.delete(earlier);
  owners.add(owner);
  return owner.port;
}

/**
 * The ports from one to another, both included, for the option `port` or `exclude`.
 * @throws TypeError, RangeError
 */
export function portNumbers(from: number, to: number): Iterable<number> {
  for (const [name, port] of Object.entries({ from, to })) {
    if (!Number.isInteger(port)) throw new TypeError(`${name} is no integer.`);
    if (port < LOWEST_OF_RANGE || port > HIGHEST_PORT)
      throw new RangeError(`${name} is ${port}; expected a port from ${LOWEST_OF_RANGE} to ${HIGHEST_PORT}.`);
  }
  if (from > to) throw new RangeError(`from is ${from}, which is more than ${to}.`);
  return Array.from({ length: to - from + 1 }, (_, step) => from + step);
}

/** Gives back the ports of this thread on which nothing listens: of `getPort`, also those of tests that run and with `reserve`. */
export function clearLockedPorts(): void {
  const owners = given();
  for (const owner of owners) {
    if (findOwnClaim(owner.port) !== undefined && portIsInUse(owner.port)) continue;
    owner.cleanup();
    owners.delete(owner);
  }
}
