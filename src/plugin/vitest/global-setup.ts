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
  for (const { name, port } of ownRunPorts().all) project.provide(`runPort:${name}`, port);
  return tellRun(run, { hasBlob: hasBlobReporter(project), shard: shardOf(project.vitest) });
}

function hasBlobReporter({ vitest }: TestProject): boolean {
  const { reporters } = vitest as unknown as { readonly reporters: readonly object[] };
  return reporters.some((reporter) => reporter.constructor.name === 'BlobReporter');
}

/** For versions that count their workers elsewhere. There are spare slices, and a shared one is only slower. */
const DEFAULT_WORKERS = 16;
