/** Vitest's global setup: makes the run's pool, and ends it with the run. */
import type { TestProject } from 'vitest/node';
import { ownRunPorts } from '../../server/run-ports/own-run-ports.ts';
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
  if (run.isFirst && run.wantsReport && !hasReporter(project, 'PortsReporter')) tellThatNothingReports();
  for (const { name, port } of ownRunPorts().all) project.provide(`runPort:${name}`, port);
  return tellRun(run, { hasBlob: hasReporter(project, 'BlobReporter'), shard: shardOf(project.vitest) });
}

function hasReporter({ vitest }: TestProject, className: string): boolean {
  const { reporters } = vitest as unknown as { readonly reporters: readonly object[] };
  return reporters.some((reporter) => reporter.constructor.name === className);
}

/** Vitest takes the reporters of the root configuration alone, and none of them where the command names others. */
function tellThatNothingReports(): void {
  process.stdout.write(
    "portslice: there is no report of the ports, for Vitest does not use portslice's reporter in this run. Set report in the root " +
      'configuration; beside --reporter, name it too: --reporter=portslice/vitest/reporter\n',
  );
}

/** For versions that count their workers elsewhere. There are spare slices, and a shared one is only slower. */
const DEFAULT_WORKERS = 16;
