/** The live pools of this machine, for messages: who has what, also in other runs. */
import { PortState, stateOf } from '../../core/port-state.ts';
import { copyTables, findSegmentProblem } from '../../core/segment-format.ts';
import { RecordWord } from '../../core/segment-layout.ts';
import { Segment } from '../../core/segment.ts';
import { platform } from '../../platform/platform.ts';

export interface Claimed {
  readonly port: number;
  readonly processId: number | undefined;
}

/** What the processes hold the ports for, as far as the pools know that this user may read. Takes milliseconds for each pool. */
export function findLabels(claims: readonly Claimed[]): ReadonlyMap<number, string> {
  const labels = new Map<number, string>();
  for (const segment of livePools()) {
    for (const claim of claims) {
      const label = findLabel(segment, claim);
      if (label !== undefined) labels.set(claim.port, label);
    }
    if (labels.size === claims.length) break;
  }
  return labels;
}

/** Copies of segments, one at a time: each has megabytes. The run's own is among them. */
function* livePools(): Generator<Segment> {
  const kernel = platform.openKernel();
  for (const locator of kernel.findMemories()) {
    try {
      const buffer = kernel.copyMemory(locator);
      const tables = copyTables(buffer);
      if (findSegmentProblem(buffer, tables) === undefined) yield new Segment(buffer, tables);
    } catch {
      // Another user's, ended by now, or too much for this process: a label less in a message that has its own error to tell.
    }
  }
}

function findLabel(segment: Segment, { port, processId }: Claimed): string | undefined {
  const index = segment.ports.indexOf(port);
  if (index === undefined || segment.record(index, RecordWord.processId) !== processId) return undefined;
  const isClaimed = stateOf(Atomics.load(segment.states, index)) !== PortState.free;
  return isClaimed ? segment.readLabel(index) : undefined;
}
