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

/** The most ports in use in each of so many pieces of the run: as many as there are pixels are enough for a picture. */
export function mostInPieces(steps: readonly UsageStep[], endMs: number, pieceCount: number): number[] {
  if (pieceCount === 0) return [];
  const most = Array.from({ length: pieceCount }, () => 0);
  let [piece, current] = [0, 0];
  for (const { atMs, portCount } of steps) {
    const place = Math.min(Math.floor((atMs / endMs) * pieceCount), pieceCount - 1);
    while (piece < place) most[++piece] = current;
    current = portCount;
    most[place] = Math.max(most[place] ?? 0, current);
  }
  while (piece < pieceCount - 1) most[++piece] = current;
  return most;
}

/** The last use of each port that was in use at that moment, or kept after it. @param bars of one machine, in the order of time */
export function heldAt(bars: readonly Bar[], atMs: number): Bar[] {
  const last = new Map(bars.filter(({ heldFromMs }) => heldFromMs <= atMs).map((bar) => [bar.use.port, bar]));
  return [...last.values()].filter(({ toMs, use }) => atMs < toMs || isKept(use.state));
}

/** Kept locked after its test, until the run ends. */
export function isKept(state: Bar['use']['state']): state is 'sealed' | 'leaked' {
  return state === 'sealed' || state === 'leaked';
}
