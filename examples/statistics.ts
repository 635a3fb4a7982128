/** What the run's pool has counted, for the two suites' global setups. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { portAllocationStats } from 'portslice';

/** Call it in a teardown: the global setup was registered after portslice's, so its teardown comes before the pool's. */
export function reportStatistics(workers: number): void {
  const statistics = portAllocationStats();
  const folder = process.env['DEMO_FOLDER'];
  if (folder !== undefined) {
    writeFileSync(path.join(folder, 'statistics.json'), JSON.stringify({ workers, ...statistics }));
    return;
  }
  const { lifetimeTotalAllocatedPorts, peakAllocatedPorts } = statistics;
  console.log(`\n${lifetimeTotalAllocatedPorts} ports handed out, at most ${peakAllocatedPorts} at a time`);
}
