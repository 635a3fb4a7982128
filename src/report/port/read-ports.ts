/** Reads what is known of ports: the locks and pools of portslice, the sockets of the operating system, and what redirects connections. */
import { PortsliceError } from '../../errors/index.ts';
import { platform } from '../../platform/platform.ts';
import {
  type InspectedProcess,
  portInspector,
  type PortSocket,
  type PortSockets,
  type Redirections,
} from '../../platform/port-inspector.ts';
import type { Process } from '../../platform/port-kernel.ts';
import { portIsInUse } from '../../pool/api/port-in-use.ts';
import { readServerPorts, type ServerPortsReading } from '../../pool/session/server-ports.ts';
import { findClaims } from './find-claims.ts';
import { groupConnections } from './group-connections.ts';
import {
  type ClaimReport,
  type PortHolderReport,
  type PortReport,
  type SocketReport,
  WHO_VERSION,
  type WhoReport,
} from './port-report.ts';
import { placeOf } from './read-place.ts';
import { ephemeralRangeOf } from './server-ports-report.ts';

interface Readings {
  readonly serverPorts: ServerPortsReading;
  readonly holders: ReadonlyMap<number, Process>;
  readonly claims: ReadonlyMap<number, ClaimReport>;
  readonly sockets: PortSockets;
  readonly redirections: Redirections;
  /** Where anybody listens, on any port. */
  readonly listeningPorts: ReadonlySet<number>;
  readonly inspect: (processId: number) => InspectedProcess;
}

/** @throws PortSpecError, EphemeralRangeError */
export function readPorts(ports: readonly number[]): WhoReport {
  const wanted = new Set(ports);
  const holders = platform.findLockHolders([...wanted]);
  const readings: Readings = {
    serverPorts: readServerPorts(),
    holders,
    claims: findClaims([...holders].map(([port, { processId }]) => ({ port, processId }))),
    sockets: portInspector.findSockets(wanted),
    redirections: portInspector.findRedirections(wanted),
    listeningPorts: platform.findListeningPorts() ?? new Set(),
    inspect: remember(portInspector.inspectProcess),
  };
  return {
    version: WHO_VERSION,
    ephemeralRange: ephemeralRangeOf(readings.serverPorts),
    ports: [...wanted].map((port) => readPort(port, readings)),
  };
}

function readPort(port: number, readings: Readings): PortReport {
  const { serverPorts, sockets, redirections, inspect, listeningPorts } = readings;
  const holder = holderOf(port, readings);
  const tcp = sockets.tcp?.filter((socket) => socket.port === port);
  const describe = (socket: PortSocket): SocketReport => describeSocket(socket, inspect);
  const listeners = tcp?.filter(({ state }) => state === 'listening').map(describe);
  const bound = tcp?.filter((socket) => socket.state === 'bound' && !isHold(socket, holder)).map(describe);
  const place = placeOf(port, serverPorts);
  const connections =
    tcp && groupConnections(tcp, { isEphemeral: place.isEphemeral, listeningPorts, inspect });
  const redirected = redirections.found.filter((redirection) => redirection.port === port);
  const isSeen =
    holder !== undefined ||
    redirected.length > 0 ||
    [listeners, bound].some((found) => (found?.length ?? 0) > 0) ||
    connections?.some(({ kind }) => kind === 'client') === true;
  const seesAll = connections?.some(({ kind }) => kind === 'server') === false && sockets.tellsBound;
  const isTakenUnseen = !isSeen && !seesAll && isInUse(port);
  return {
    port,
    isTaken: isSeen || isTakenUnseen,
    place,
    holder,
    listeners,
    bound: sockets.tellsBound ? bound : undefined,
    connections,
    udp: sockets.udp?.filter((socket) => socket.port === port).map(describe),
    redirections: redirected,
    seesRedirectionRules: redirections.seesRules,
    isTakenUnseen,
  };
}

function holderOf(port: number, { holders, claims, inspect }: Readings): PortHolderReport | undefined {
  const holder = holders.get(port);
  if (holder === undefined) return undefined;
  const { processId } = holder;
  return { process: processId === undefined ? undefined : inspect(processId), claim: claims.get(port) };
}

/** The socket by which the holder keeps others away. Where nobody's processes are seen, one of the two is taken for the other's. */
function isHold({ processIds }: PortSocket, holder: PortHolderReport | undefined): boolean {
  if (holder === undefined) return false;
  const { process: holding } = holder;
  return holding === undefined ? processIds.length === 0 : processIds.includes(holding.processId);
}

function describeSocket(
  { address, peer, userId, processIds }: PortSocket,
  inspect: Readings['inspect'],
): SocketReport {
  return { address, peer, userId, processes: processIds.map(inspect) };
}

/** Asks the kernel itself, in a moment in which it has the port. */
function isInUse(port: number): boolean {
  try {
    return portIsInUse(port);
  } catch (error) {
    // Below 1024 without the privilege, say. Then nothing is known against it.
    if (error instanceof PortsliceError) return false;
    throw error;
  }
}

function remember<T>(find: (processId: number) => T): (processId: number) => T {
  const known = new Map<number, T>();
  return (processId) => {
    let found = known.get(processId);
    if (found === undefined) known.set(processId, (found = find(processId)));
    return found;
  };
}
