/** How many ports were in use over time. */
import type { Bar } from './timeline.ts';

export interface UsageStep {
  readonly atMs: number;
  /** From then on. */
  readonly portCount: number;
}

export function usageOf(bars: readonly Bar[]): UsageStep[] {
  const changes = bars.flatMap(({ heldFromMs, toMs }) => [
    { atMs: heldFromMs, by: 1 },
    { atMs: toMs, by: -1 },
  ]);
  changes.sort((a, b) => a.atMs - b.atMs || a.by - b.by);
  let portCount = 0;
  return changes.map(({ atMs, by }) => ({ atMs, portCount: (portCount += by) }));
}

/** The bars whose port was in use at that moment; at the end of the run: those that were never given back, or not safely. */
export function heldAt(bars: readonly Bar[], atMs: number): Bar[] {
  return bars.filter(({ heldFromMs, toMs, use }) => heldFromMs <= atMs && (atMs < toMs || isKept(use.state)));
}

/** Kept locked after its test, until the run ends. */
function isKept(state: Bar['use']['state']): boolean {
  return state === 'sealed' || state === 'leaked';
}
