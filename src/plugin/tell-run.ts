/** Lets the workers of a run tell what a report needs, if somebody makes one. */
import { publishedRunFacts, publishRunFacts } from '../platform/environment.ts';
import type { MachineReport } from '../report/format.ts';
import { isReportWanted } from './report-wanted.ts';
import type { StartedRun } from './run-pool.ts';

export interface ToldRunOptions {
  /** Somebody merges the report of this run with those of other ones. */
  readonly hasBlob: boolean;
  readonly shard: MachineReport['shard'];
}

/** @returns the teardown of the run, with what takes it back */
export async function tellRun(
  { pool, options, stop }: Pick<StartedRun, 'pool' | 'options' | 'stop'>,
  { hasBlob, shard }: ToldRunOptions,
): Promise<() => void> {
  const takeBack =
    isReportWanted() || hasBlob ? await publishRun(pool?.handle, options, shard) : hideOuterRun();
  return () => {
    takeBack();
    stop();
  };
}

/** A report must never fail a run. */
async function publishRun(
  handle: string | undefined,
  { ports, excludedPorts }: StartedRun['options'],
  shard: MachineReport['shard'],
): Promise<() => void> {
  const { guarded, publishOwnRun } = await import('../report/run-report.ts');
  let takeBack: (() => void) | undefined;
  await guarded('the report of the ports lacks the pool', () => {
    takeBack = publishOwnRun({ handle, options: { ports, excludedPorts }, shard });
  });
  return () => takeBack?.();
}

/** What a run in which this one was started tells is not of this one. */
function hideOuterRun(): () => void {
  const outer = publishedRunFacts();
  if (outer === undefined) return () => undefined;
  publishRunFacts(undefined);
  return () => publishRunFacts(outer);
}
