import type { TestProject } from 'vitest/node';
import { reportStatistics } from '../statistics.ts';

export default function globalSetup({ vitest }: TestProject): () => void {
  return () => reportStatistics(vitest.config.maxWorkers);
}
