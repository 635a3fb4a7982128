/** Vitest's global setup: makes the run's pool, and ends it with the run. */
import type { TestProject } from 'vitest/node';
import { ownRunPorts } from '../../server/run-ports/own-run-ports.ts';
import { startRunPool } from '../run-pool.ts';

/** Projects can run side by side with as many workers each. */
const PROJECTS_SIDE_BY_SIDE = 2;

export default function globalSetup(project: TestProject): () => void {
  const { config, projects } = project.vitest;
  const { maxWorkers }: { maxWorkers?: unknown } = config;
  const workers = typeof maxWorkers === 'number' ? maxWorkers : DEFAULT_WORKERS;
  const { stop } = startRunPool(projects.length > 1 ? workers * PROJECTS_SIDE_BY_SIDE : workers);
  for (const { name, port } of ownRunPorts().all) project.provide(`runPort:${name}`, port);
  return stop;
}

/** For versions that count their workers elsewhere. There are spare slices, and a shared one is only slower. */
const DEFAULT_WORKERS = 16;
