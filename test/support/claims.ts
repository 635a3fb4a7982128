/** What a fixture knows and an owner does not show: its claim, found among those of this thread. */
import { openSessions } from '../../src/pool/session/open-sessions.ts';
import type { PortClaim } from '../../src/pool/session/port-claim.ts';

export function claimOf({ port }: { readonly port: number }): PortClaim {
  for (const session of openSessions()) {
    for (const claim of session.claims) if (claim.port === port) return claim;
  }
  throw new Error(`this thread has no claim of port ${port}`);
}
