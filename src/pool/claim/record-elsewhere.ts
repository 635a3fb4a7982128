/** For a port that this process has claimed in one pool and that is a server port of another pool, too. */
import type { PoolSession } from '../session/pool-session.ts';
import type { PortClaim } from '../session/port-claim.ts';
import { seize } from './claim.ts';
import { publish } from './publish.ts';

/**
 * Tells the other pool that the port is taken, so that nobody looks for it there. The port stays the first pool's: the end of
 * the other one does not release it.
 */
export function recordElsewhere(session: PoolSession, claim: PortClaim): void {
  const { segment, kernel } = session;
  const index = segment.ports.indexOf(claim.port);
  if (index === undefined) return;
  const word = seize(session, index);
  const atMs = session.nowMs();
  // SYNC: only the lock's owner writes the record, as we are.
  segment.writeClaim(index, { processId: process.pid, threadId: kernel.threadId, slice: 0, atMs });
  segment.writeLabel(index, claim.label);
  publish(session, [{ ...claim, session, index, borrowed: false, word }]);
}
