import type { FullConfig } from '@playwright/test';
import { reportStatistics } from '../statistics.ts';

export default function globalSetup(config: FullConfig): () => void {
  return () => reportStatistics(config.workers);
}
