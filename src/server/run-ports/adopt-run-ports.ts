/** The start of a run, after its configuration has claimed run ports. */
import { findPackageFolder } from '../../platform/package-folder.ts';
import { recordElsewhere } from '../../pool/claim/record-elsewhere.ts';
import { findSession } from '../../pool/session/open-sessions.ts';
import { findPlace } from './main-process.ts';
import { ownRunPorts } from './own-run-ports.ts';

/**
 * Keeps the ports until this process ends, tells the run's pool of them, and tells the workers who claims run ports, even if
 * there are none: a worker that asked for one would otherwise claim it for itself.
 * @param handle of the run's pool, if it has one
 * @throws PortTakenError if a port has lapsed, or its joined server has ended, and somebody has it now
 */
export function adoptRunPorts(handle: string | undefined): void {
  const own = ownRunPorts();
  own.adopt();
  const session = handle === undefined ? undefined : findSession(handle);
  for (const { claim } of own.all)
    if (session !== undefined && claim !== undefined) recordElsewhere(session, claim);
  const { isMain, table } = findPlace();
  if (isMain) own.publish(findPackageFolder(process.cwd()), table);
}
