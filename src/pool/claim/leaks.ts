/** What is said of a server that was left behind, and by whom. */
import { pointToPort, type PortLeak } from '../../errors/index.ts';
import type { Listener } from '../../platform/port-kernel.ts';
import type { PortClaim } from '../session/port-claim.ts';
import { warn } from '../session/warnings.ts';
import { adviceForLeak, describeListeners, verbOf } from './describe-listeners.ts';

/** Warns; or leaves it to whoever has claimed the port for a test, to fail the test or say nothing. */
export function noteLeak(claim: PortClaim, listeners: readonly Listener[]): void {
  const { onLeak = 'warn' } = claim;
  if (onLeak === 'ignore') return;
  const leak = leakOf(claim, listeners);
  if (onLeak === 'fail') claim.leak = leak;
  else warnOfLeak(leak);
}

export function warnOfLeak({ description }: PortLeak): void {
  warn('PORTSLICE_LEAK', description);
}

function leakOf({ port, label }: PortClaim, listeners: readonly Listener[]): PortLeak {
  const owner = label === '' ? 'its owner' : `'${label}'`;
  const description =
    `Port ${port} was released by ${owner}, but ${describeListeners(listeners)} still ${verbOf(listeners)} on it. ` +
    `The port stays out of use. ${adviceForLeak(listeners)} ${pointToPort(port)}`;
  return { port, label, listeners, description };
}
