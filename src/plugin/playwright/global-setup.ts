/** Playwright's global setup: makes the run's pool, and ends it with the run. */
import type { FullConfig } from '@playwright/test';
import { startRunPool } from '../run-pool.ts';
import { tellRun } from '../tell-run.ts';

export default function globalSetup({ workers, reporter, shard }: FullConfig): Promise<() => void> {
  const hasBlob = reporter.some(([name]) => name === 'blob');
  return tellRun(startRunPool(workers), { hasBlob, shard: shard ?? undefined });
}
