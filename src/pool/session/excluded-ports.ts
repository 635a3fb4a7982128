/** Which ports are no server ports, and why: for reports and screens. */
import { browserBlockedPorts } from '../../core/browser-blocked-ports.ts';
import {
  formatPortRange,
  HIGHEST_PORT,
  joinRanges,
  type PortRange,
  rangesOfPorts,
  splitByReason,
  subtractRanges,
} from '../../core/port-range.ts';
import { checkPorts } from './option-checks.ts';
import {
  EXCLUDED_VARIABLE,
  NO_RANGE,
  readExcludedVariable,
  readServerPorts,
  type ServerPortOptions,
  type ServerPortsReading,
} from './server-ports.ts';

export interface ExcludedPorts {
  readonly reason: string;
  /** Ascending, with a gap after each. */
  readonly ranges: readonly PortRange[];
}

const UNPRIVILEGED: PortRange = { firstPort: 1024, lastPort: HIGHEST_PORT };

/**
 * Of 1024-65535, what the pool of these options does not have; each port under the first reason that holds for it.
 * @throws as getServerTCPPorts
 */
export function findExcludedPorts(options: ServerPortOptions = {}): ExcludedPorts[] {
  const reading = readServerPorts(options);
  const others = subtractRanges([UNPRIVILEGED], joinRanges(reading.ports.ranges));
  return splitByReason(others, reasonsFor(options, reading));
}

function reasonsFor(
  { excludedPorts }: ServerPortOptions,
  { source, ephemeralRange, excluded }: ServerPortsReading,
): ExcludedPorts[] {
  const isKnown = ephemeralRange !== NO_RANGE;
  return [
    { reason: 'browsers refuse them', ranges: rangesOfPorts(browserBlockedPorts) },
    { reason: 'the operating system reserves them', ranges: excluded.bySystem },
    { reason: `${EXCLUDED_VARIABLE} excludes them`, ranges: readExcludedVariable() },
    {
      reason: "the option 'excludedPorts' excludes them",
      ranges: rangesOfPorts(checkPorts('excludedPorts', excludedPorts)),
    },
    ...(source === undefined ? [] : [{ reason: `${source} does not name them`, ranges: [UNPRIVILEGED] }]),
    {
      reason: `client connections take them (ephemeral range ${formatPortRange(ephemeralRange)})`,
      ranges: isKnown ? [ephemeralRange] : [],
    },
    { reason: 'too few others are left outside of the ephemeral range', ranges: [UNPRIVILEGED] },
  ];
}
