/** Chooses the server ports of a run: what the spec says, else everything that the OS does not use for clients. */
import { PortList } from './port-list.ts';
import {
  countPorts,
  HIGHEST_PORT,
  joinRanges,
  type PortRange,
  rangesOfPorts,
  subtractRanges,
} from './port-range.ts';

export interface ServerPortsInput {
  readonly ephemeralRange: PortRange;
  /** Undefined if the user named no ports. */
  readonly spec?: readonly PortRange[] | undefined;
  /** What the user and the OS exclude. */
  readonly excludedRanges: readonly PortRange[];
  /** What browsers refuse to connect to. */
  readonly blockedPorts: ReadonlySet<number>;
}

export interface ServerPorts {
  /** Ascending and unique. Empty if nothing is left; whoever knows where the spec came from reports that. */
  readonly ports: PortList;
  /** How many of `ports` a spec took from the ephemeral range; 0 without a spec. */
  readonly ephemeralOverlap: number;
  /** Whether 1024-49151 was taken without regard to the ephemeral range, which leaves too little. */
  readonly usedWholeRange: boolean;
}

/** Fewer ports than this outside the ephemeral range are too few for parallel tests. */
const LEAST_SERVER_PORT_COUNT = 50;

/** Below 1024 only privileged processes may listen. */
const UNPRIVILEGED_RANGE: PortRange = { firstPort: 1024, lastPort: HIGHEST_PORT };

/** IANA's registered ports (RFC 6335): the part that an OS with the standard ephemeral range, 49152-65535, leaves. */
const REGISTERED_RANGE: PortRange = { firstPort: 1024, lastPort: 49_151 };

/**
 * The ports that tests may be given. With a spec exactly its ports, without one 1024-65535 outside the ephemeral range;
 * excluded and blocked ports always come off. If fewer than 50 ports remain outside the ephemeral range, 1024-49151.
 */
export function computeServerPorts(input: ServerPortsInput): ServerPorts {
  const { ephemeralRange, spec, excludedRanges, blockedPorts } = input;
  const removed = joinRanges([...rangesOfPorts(blockedPorts), ...excludedRanges]);
  const allowed = (ranges: readonly PortRange[]): PortRange[] => subtractRanges(ranges, removed);
  if (spec === undefined) return chooseServerPorts(allowed, ephemeralRange);
  const ranges = allowed(joinRanges(spec));
  const ephemeralOverlap = countPorts(ranges) - countPorts(subtractRanges(ranges, [ephemeralRange]));
  return { ports: new PortList(ranges), ephemeralOverlap, usedWholeRange: false };
}

function chooseServerPorts(
  allowed: (ranges: readonly PortRange[]) => PortRange[],
  ephemeralRange: PortRange,
): ServerPorts {
  const outside = subtractRanges(allowed([UNPRIVILEGED_RANGE]), [ephemeralRange]);
  const ports = new PortList(outside);
  if (ports.length >= LEAST_SERVER_PORT_COUNT) return { ports, ephemeralOverlap: 0, usedWholeRange: false };
  const registered = new PortList(allowed([REGISTERED_RANGE]));
  // The user's exclusions can leave even fewer there.
  const usedWholeRange = registered.length > ports.length;
  return { ports: usedWholeRange ? registered : ports, ephemeralOverlap: 0, usedWholeRange };
}
