/** The live pools of this machine, for messages: who has what, also in other runs. */
import { PortState, stateOf } from '../../core/port-state.ts';
import { copyTables, findSegmentProblem } from '../../core/segment-format.ts';
import { RecordWord } from '../../core/segment-layout.ts';
import { Segment } from '../../core/segment.ts';
import { PortsliceError } from '../../errors/index.ts';
import { platform } from '../../platform/platform.ts';

/** Copies of the segments of all pools that this user may read, the run's own among them. Takes milliseconds for each. */
export function readLivePools(): Segment[] {
  const kernel = platform.openKernel();
  return kernel.findMemories().flatMap((locator) => {
    try {
      const buffer = kernel.copyMemory(locator);
      const tables = copyTables(buffer);
      return findSegmentProblem(buffer, tables) === undefined ? [new Segment(buffer, tables)] : [];
    } catch (error) {
      // Another user's, or ended by now: it is not ours to read.
      if (error instanceof PortsliceError) return [];
      throw error;
    }
  });
}

/** What the process holds the port for, if one of the pools knows. */
export function findLabel(
  pools: readonly Segment[],
  port: number,
  processId: number | undefined,
): string | undefined {
  for (const segment of pools) {
    const index = segment.ports.indexOf(port);
    if (index === undefined || segment.record(index, RecordWord.processId) !== processId) continue;
    if (stateOf(Atomics.load(segment.states, index)) !== PortState.free) return segment.readLabel(index);
  }
  return undefined;
}
