/** Chooses the server ports of a run: what the spec says, else everything that the OS does not use for clients. */
import { HIGHEST_PORT, isInPortRange, type PortRange, portsInRanges } from './port-range.ts';

export interface ServerPortsInput {
  readonly ephemeralRange: PortRange;
  /** Ascending, as `parsePortSpec` returns them; undefined if the user named no ports. */
  readonly spec?: readonly number[] | undefined;
  /** What the user and the OS exclude. */
  readonly excludedPorts: Iterable<number>;
  /** What browsers refuse to connect to. */
  readonly blockedPorts: ReadonlySet<number>;
}

export interface ServerPorts {
  /** Ascending and unique. Empty if nothing is left; whoever knows where the spec came from reports that. */
  readonly ports: number[];
  /** How many of `ports` a spec took from the ephemeral range; 0 without a spec. */
  readonly ephemeralOverlap: number;
  /** Whether 1024-49151 was taken without regard to the ephemeral range, which leaves too little. */
  readonly usedWholeRange: boolean;
}

type PortFilter = (port: number) => boolean;

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
  const excludedPorts = new Set(input.excludedPorts);
  const isAllowed: PortFilter = (port) => !excludedPorts.has(port) && !input.blockedPorts.has(port);
  const isEphemeral: PortFilter = (port) => isInPortRange(port, input.ephemeralRange);
  if (input.spec === undefined) return chooseServerPorts(isAllowed, isEphemeral);
  const ports = input.spec.filter(isAllowed);
  return { ports, ephemeralOverlap: ports.filter(isEphemeral).length, usedWholeRange: false };
}

function chooseServerPorts(isAllowed: PortFilter, isEphemeral: PortFilter): ServerPorts {
  const outside = portsInRanges([UNPRIVILEGED_RANGE]).filter((port) => isAllowed(port) && !isEphemeral(port));
  if (outside.length >= LEAST_SERVER_PORT_COUNT)
    return { ports: outside, ephemeralOverlap: 0, usedWholeRange: false };
  const registered = portsInRanges([REGISTERED_RANGE]).filter(isAllowed);
  // The user's exclusions can leave even fewer there.
  const usedWholeRange = registered.length > outside.length;
  return { ports: usedWholeRange ? registered : outside, ephemeralOverlap: 0, usedWholeRange };
}
