/** Playwright's global setup: makes the run's pool, and ends it with the run. */
import type { FullConfig } from '@playwright/test';
import { startRunPool } from '../run-pool.ts';

export default function globalSetup(config: FullConfig): () => void {
  return startRunPool(config.workers).stop;
}
