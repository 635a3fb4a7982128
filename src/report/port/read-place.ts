/** Where a port lies among those of this machine. */
import { browserBlockedPorts } from '../../core/browser-blocked-ports.ts';
import { includesPort } from '../../core/port-range.ts';
import type { ServerPortsReading } from '../../pool/session/server-ports.ts';
import { LOW_BAD_PORTS } from './low-bad-ports.ts';
import type { PortPlace } from './port-report.ts';
import { PRIVILEGED_PORTS } from './server-ports-report.ts';

export function placeOf(port: number, reading: ServerPortsReading): PortPlace {
  const { excluded, spec, source } = reading;
  return {
    isServerPort: reading.ports.indexOf(port) !== undefined,
    isEphemeral: includesPort([reading.ephemeralRange], port),
    isPrivileged: includesPort([PRIVILEGED_PORTS], port),
    isRefusedByBrowsers: browserBlockedPorts.has(port) || LOW_BAD_PORTS.has(port),
    isExcludedBySystem: includesPort(excluded.bySystem, port),
    isExcludedByUser: includesPort(excluded.byUser, port),
    isLeftOutBy: spec === undefined || includesPort(spec, port) ? undefined : source,
  };
}
