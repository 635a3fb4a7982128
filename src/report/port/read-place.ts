/** Where a port lies among those of this machine. */
import { browserBlockedPorts } from '../../core/browser-blocked-ports.ts';
import type { PortRange } from '../../core/port-range.ts';
import type { ServerPortsReading } from '../../pool/session/server-ports.ts';
import { LOW_BAD_PORTS } from './low-bad-ports.ts';
import type { PortPlace } from './port-report.ts';
import { PRIVILEGED_PORTS } from './server-ports-report.ts';

export function placeOf(port: number, reading: ServerPortsReading): PortPlace {
  const isIn = ({ firstPort, lastPort }: PortRange): boolean => firstPort <= port && port <= lastPort;
  const { excluded, spec, source } = reading;
  return {
    isServerPort: reading.ports.indexOf(port) !== undefined,
    isEphemeral: isIn(reading.ephemeralRange),
    isPrivileged: isIn(PRIVILEGED_PORTS),
    isRefusedByBrowsers: browserBlockedPorts.has(port) || LOW_BAD_PORTS.has(port),
    isExcludedBySystem: excluded.bySystem.some(isIn),
    isExcludedByUser: excluded.byUser.some(isIn),
    isLeftOutBy: spec === undefined || spec.some(isIn) ? undefined : source,
  };
}
