/** What is told of a test that has failed with EADDRINUSE on its own port: who listens there, and what to do. */
import { pointToPort } from '../errors/index.ts';
import { platform } from '../platform/platform.ts';
import { describeListeners } from '../pool/claim/describe-listeners.ts';
import { claimState, isHeld, type PortClaim } from '../pool/session/port-claim.ts';
import { warn } from '../pool/session/warnings.ts';

/** On EADDRINUSE over one's own port, the culprit is worth knowing. */
export function explainAddressInUse(claim: PortClaim, errors: readonly string[]): void {
  const { port, label } = claim;
  const text = new RegExp(`EADDRINUSE.*\\b${port}\\b|\\b${port}\\b.*EADDRINUSE`, 's');
  if (claimState(claim) !== 'held' || !errors.some((error) => text.test(error))) return;
  warn(
    'PORTSLICE_ADDRESS_IN_USE',
    `'${label}' failed with EADDRINUSE on its own port ${port}: ${explainUse(claim)} ${pointToPort(port)}`,
  );
}

function explainUse(claim: PortClaim): string {
  const listeners = platform.findListeners(claim.port) ?? [];
  if (listeners.length > 0) {
    const isOurs = listeners.every(({ processId }) => processId === process.pid);
    const fix = isOurs
      ? 'Close that server, and wait for its close, before another one listens.'
      : 'Stop that process, or exclude the port with PORTSLICE_EXCLUDED_PORTS.';
    return `${describeListeners(listeners)} listens on it. ${fix}`;
  }
  if (isHeld(claim))
    return 'nobody listens on it. A server that sets neither SO_REUSEADDR nor SO_REUSEPORT needs the option hold: false.';
  return platform.isOnlyInTimeWait(claim.port)
    ? 'nobody listens on it any more, but an earlier server has left connections, for up to 60 s. Set SO_REUSEADDR in the server.'
    : 'nobody listens on it any more. Wait for the end of a server before the next one listens on its port.';
}
