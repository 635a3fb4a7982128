/** What the live pools of this machine say of ports: for which test, of which run. */
import { stateNameOf } from '../../core/port-state.ts';
import { RecordWord } from '../../core/segment-layout.ts';
import type { Segment } from '../../core/segment.ts';
import { PortsliceError } from '../../errors/index.ts';
import { portInspector } from '../../platform/port-inspector.ts';
import { type Claimed, livePools } from '../../pool/session/live-pools.ts';
import type { ClaimReport } from './port-report.ts';

/** By port; only of pools that this user may read. Takes milliseconds for each pool. */
export function findClaims(claimed: readonly Claimed[]): ReadonlyMap<number, ClaimReport> {
  const found = new Map<number, ClaimReport>();
  if (claimed.length === 0) return found;
  try {
    for (const segment of livePools()) {
      for (const each of claimed) {
        const claim = findClaim(segment, each);
        if (claim !== undefined) found.set(each.port, claim);
      }
      if (found.size === claimed.length) break;
    }
  } catch (error) {
    // Without the foreign function interface no pool can be read.
    if (!(error instanceof PortsliceError)) throw error;
  }
  return found;
}

function findClaim(segment: Segment, { port, processId }: Claimed): ClaimReport | undefined {
  const index = segment.ports.indexOf(port);
  if (index === undefined || segment.record(index, RecordWord.processId) !== processId) return undefined;
  const state = stateNameOf(Atomics.load(segment.states, index));
  if (state === 'free') return undefined;
  return {
    state,
    label: segment.readLabel(index),
    slice: segment.record(index, RecordWord.slice),
    claimedAtMs: Math.round(segment.startEpochMs + segment.record(index, RecordWord.claimedAtMs)),
    runId: segment.runId,
    runProcess: portInspector.inspectProcess(segment.creatorProcessId),
  };
}
