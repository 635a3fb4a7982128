/** What `kills.test.ts` runs in namespaces of its own. */
import { Lane, plan } from './kill-lane.ts';
import { type KillReport, killSideBySide } from './kill-report.ts';
import { planRuns, RunLane } from './run-lane.ts';

/** @param source the URL of portslice for those that live on */
export function killWorkers(source: string, counts: Parameters<typeof plan>[0]): Promise<KillReport> {
  return killSideBySide(source, plan(counts), (...lane) => Lane.open(...lane));
}

export function killRuns(source: string, counts: Parameters<typeof planRuns>[0]): Promise<KillReport> {
  return killSideBySide(source, planRuns(counts), (...lane) => RunLane.open(...lane));
}
