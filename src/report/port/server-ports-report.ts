/**
 * The server ports of this machine, and why the others are none: what `portslice ports --json` prints. `schemas/ports.schema.json` says
 * the same for other programs.
 */
import { browserBlockedPorts } from '../../core/browser-blocked-ports.ts';
import {
  countPorts,
  HIGHEST_PORT,
  joinRanges,
  LOWEST_PORT,
  type PortRange,
  rangesOfPorts,
  splitByReason,
  subtractRanges,
} from '../../core/port-range.ts';
import {
  describeOverlap,
  EXCLUDED_VARIABLE,
  NO_RANGE,
  type ServerPortsReading,
} from '../../pool/session/server-ports.ts';

/** Raise it whenever a reader of the old format would misread the new one. */
const SERVER_PORTS_VERSION = 1;

export interface ServerPortsReport {
  readonly version: typeof SERVER_PORTS_VERSION;
  /** What has named them, such as 'PORTSLICE_PORTS'; undefined: nothing, so that they are what the operating system leaves. */
  readonly source: string | undefined;
  readonly portCount: number;
  /** Ascending. */
  readonly ranges: readonly PortRange[];
  /** Undefined: not known. */
  readonly ephemeralRange: PortRange | undefined;
  /** Sentences for the user, if server ports lie in the ephemeral range. */
  readonly warning: string | undefined;
  /** All other ports from 1 to 65535, each for one reason. */
  readonly leftOut: readonly LeftOutPorts[];
}

/**
 * `spec`: `source` does not name it. `privileged`: below 1024. `ephemeral`: clients get their ports there. `browsers`: they refuse to connect
 * to it. `system`: the operating system excludes it. `user`: PORTSLICE_EXCLUDED_PORTS does. `unregistered`: above 49151, where the
 * ephemeral range leaves so little that it is not heeded.
 */
export type LeftOutReason =
  | 'spec'
  | 'privileged'
  | 'ephemeral'
  | 'browsers'
  | 'system'
  | 'user'
  | 'unregistered';

export interface LeftOutPorts {
  readonly reason: LeftOutReason;
  /** What says so, if that is the user's. */
  readonly source: string | undefined;
  readonly portCount: number;
  readonly ranges: readonly PortRange[];
}

const ALL_PORTS: PortRange = { firstPort: LOWEST_PORT, lastPort: HIGHEST_PORT };
export const PRIVILEGED_PORTS: PortRange = { firstPort: LOWEST_PORT, lastPort: 1023 };

export function reportServerPorts(reading: ServerPortsReading): ServerPortsReport {
  const ranges = joinRanges(reading.ports.ranges);
  return {
    version: SERVER_PORTS_VERSION,
    source: reading.source,
    portCount: countPorts(ranges),
    ranges,
    ephemeralRange: ephemeralRangeOf(reading),
    warning: describeOverlap(reading),
    leftOut: findLeftOut(reading, subtractRanges([ALL_PORTS], ranges)),
  };
}

export function ephemeralRangeOf({ ephemeralRange }: ServerPortsReading): PortRange | undefined {
  return ephemeralRange === NO_RANGE ? undefined : ephemeralRange;
}

function findLeftOut(reading: ServerPortsReading, others: readonly PortRange[]): LeftOutPorts[] {
  return splitByReason(others, reasonsOf(reading)).map(({ reason, source, ranges }) => ({
    reason,
    source,
    portCount: countPorts(ranges),
    ranges,
  }));
}

type Reason = Omit<LeftOutPorts, 'portCount'>;

function because(reason: LeftOutReason, ranges: readonly PortRange[], source?: string): Reason {
  return { reason, source, ranges };
}

function reasonsOf({ spec, source, excluded, ephemeralRange }: ServerPortsReading): Reason[] {
  return [
    ...(spec === undefined
      ? [because('privileged', [PRIVILEGED_PORTS]), because('ephemeral', [ephemeralRange])]
      : [because('spec', subtractRanges([ALL_PORTS], joinRanges(spec)), source)]),
    because('browsers', rangesOfPorts(browserBlockedPorts)),
    because('system', excluded.bySystem),
    because('user', excluded.byUser, EXCLUDED_VARIABLE),
    because('unregistered', [ALL_PORTS]),
  ];
}
