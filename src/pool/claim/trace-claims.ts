/** Claims, waits and releases as lines of the trace. */
import { RecordWord } from '../../core/segment-layout.ts';
import { describeValue } from '../../errors/index.ts';
import { describeReason, inMs, since, trace } from '../../platform/trace.ts';
import type { PortClaim } from '../session/port-claim.ts';
import { describeListeners, verbOf } from './describe-listeners.ts';
import { allMisses, type Claimant, type Look } from './look.ts';
import type { Leak } from './probe.ts';

/** @param hasWaited longer than for the claim itself */
export function traceClaims(claims: readonly PortClaim[], startMs: number, hasWaited: boolean): void {
  const { claim: line, wait } = trace();
  if (line === undefined && wait === undefined) return;
  for (const claim of claims) {
    line?.(`${claim.port} claimed in ${since(startMs)}, ${describeSlice(claim)}${labelOf(claim)}`);
    if (hasWaited)
      wait?.(`${claim.port} came after ${since(startMs)}, ${describeSlice(claim)}${labelOf(claim)}`);
  }
}

/** @param wait what is done, in words */
export function traceWait({ slice, request, misses }: Look, wait: string): void {
  const line = trace().wait;
  if (line === undefined) return;
  const missed = allMisses(misses).length;
  const tried = missed === 0 ? '' : `; ports that looked free and were not to be had: ${missed}`;
  line(`no port is free for slice ${slice}${labelOf(request)}: ${wait}${tried}`);
}

export function traceFailure({ slice, request }: Claimant, startMs: number, error: unknown): void {
  trace().wait?.(
    `no port came in ${since(startMs)} for slice ${slice}${labelOf(request)}: ${describeReason(error)}`,
  );
}

/**
 * Before it is done: then the line stands before that of whoever claims the port next, and the record is still this claim's.
 * @param leakedTo who listens on the port
 * @param isSealed also if nobody does
 */
export function traceRelease(claim: PortClaim, heldMs: number, leak: Leak, isSealed: boolean): void {
  trace().release?.(
    `${claim.port} ${leak !== 'nobody' || isSealed ? 'sealed' : 'released'} after ${inMs(heldMs)}, ` +
      `${describeSlice(claim)}${labelOf(claim)}${reasonOf(leak, isSealed)}`,
  );
}

function reasonOf(leak: Leak, isSealed: boolean): string {
  if (leak !== 'nobody') return `: leaked, ${describeListeners(leak)} still ${verbOf(leak)}`;
  return isSealed ? ': its test has failed' : '';
}

/** A port that nobody had any more, but that was kept from everybody. Before it is done, too. */
export function traceUnsealing(claim: PortClaim): void {
  trace().release?.(`${claim.port} no longer sealed, ${describeSlice(claim)}${labelOf(claim)}`);
}

/** The one that it was claimed for. */
function describeSlice({ session: { segment }, index, borrowed }: PortClaim): string {
  const slice = `slice ${segment.record(index, RecordWord.slice)}`;
  if (!borrowed) return slice;
  const owner = segment.slices.findIndex(
    ({ firstIndex, portCount }) => index >= firstIndex && index < firstIndex + portCount,
  );
  return `${slice}, borrowed from slice ${owner}`;
}

function labelOf({ label }: { readonly label: string }): string {
  return label === '' ? '' : `, ${describeValue(label)}`;
}
