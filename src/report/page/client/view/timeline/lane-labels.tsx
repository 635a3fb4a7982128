/** The names of machines and workers, beside the lanes. */
import type { PortsReport } from '../../../../format.ts';
import { machineName, shortWorkerName, workerName } from '../../text/machine.ts';
import type { Layout } from './layout.ts';

export function LaneLabels({ layout, report }: { readonly layout: Layout; readonly report: PortsReport }) {
  return (
    <>
      {layout.groups.map(({ machine, topPx }) => (
        <h3 key={machine} class="lane-group" style={{ top: `${topPx}px` }}>
          <bdi>{machineName(report, machine)}</bdi>
        </h3>
      ))}
      {layout.lanes.map(({ machine, worker, topPx, heightPx }) => (
        <div
          key={`${machine}/${worker}`}
          class="lane-label"
          style={{ top: `${topPx}px`, height: `${heightPx}px` }}
        >
          <span class="wide-only">{workerName(worker)}</span>
          <span class="narrow-only">{shortWorkerName(worker)}</span>
        </div>
      ))}
    </>
  );
}
