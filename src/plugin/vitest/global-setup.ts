/** Vitest's global setup: makes the run's pool, and ends it with the run. */
import type { TestProject } from 'vitest/node';
import { ownRunPorts } from '../../server/run-ports/own-run-ports.ts';
import { isOurReporter } from '../report-wanted.ts';
import { startRunPool } from '../run-pool.ts';
import { tellRun } from '../tell-run.ts';
import { shardOf } from './shard.ts';

/** Projects can run side by side with as many workers each. */
const PROJECTS_SIDE_BY_SIDE = 2;

export default async function globalSetup(project: TestProject): Promise<() => void> {
  const { config, projects } = project.vitest;
  const { maxWorkers }: { maxWorkers?: unknown } = config;
  const workers = typeof maxWorkers === 'number' ? maxWorkers : DEFAULT_WORKERS;
  const run = startRunPool(projects.length > 1 ? workers * PROJECTS_SIDE_BY_SIDE : workers);
  const reporters = reportersOf(project);
  // Whoever merges blobs makes the report.
  const hasBlob = reporters.some((reporter) => reporter.constructor.name === 'BlobReporter');
  if (run.isFirst && run.wantsReport && !hasBlob && !reporters.some(isOurReporter)) tellThatNothingReports();
  for (const { name, port } of ownRunPorts().all) project.provide(`runPort:${name}`, port);
  return tellRun(run, { hasBlob, shard: shardOf(project.vitest) });
}

function reportersOf({ vitest }: TestProject): readonly object[] {
  return (vitest as unknown as { readonly reporters: readonly object[] }).reporters;
}

/**
 * Vitest takes the reporters of the root configuration alone, and none of them where the command names others. The standard
 * output can be theirs.
 */
function tellThatNothingReports(): void {
  process.stderr.write(
    'portslice writes no report: Vitest does not use its reporter in this run. Set report in the root configuration, ' +
      'or add --reporter=portslice/vitest/reporter.\n',
  );
}

/** For versions that count their workers elsewhere. There are spare slices, and a shared one is only slower. */
const DEFAULT_WORKERS = 16;
