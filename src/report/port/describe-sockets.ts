/** The sockets of a port, by what they are to it. */
import { groupBy } from '../../core/group-by.ts';
import { platform } from '../../platform/platform.ts';
import type { PortSocket, PortSockets } from '../../platform/port-inspector.ts';
import type { KnownProcesses } from '../status/known-processes.ts';
import type { ProcessStatus } from '../status/machine-status.ts';
import type { ConnectionsReport, PortHolderReport, PortReport, SocketReport } from './port-report.ts';

export type SocketsReport = Pick<PortReport, 'listeners' | 'bound' | 'connections' | 'udp'>;

export interface SocketFacts {
  readonly holder: PortHolderReport | undefined;
  /** Whether the port lies in the ephemeral range. */
  readonly isEphemeral: boolean;
  /** On which anybody of this machine listens. */
  readonly listeningPorts: ReadonlySet<number>;
  readonly processes: KnownProcesses;
}

/** @param sockets of one port */
export function describeSockets({ tcp, tellsBound, udp }: PortSockets, facts: SocketFacts): SocketsReport {
  const describe = (socket: PortSocket): SocketReport => describeSocket(socket, facts);
  const bound = tcp?.filter((socket) => socket.state === 'bound' && !isHold(socket, facts.holder));
  return {
    listeners: tcp
      ?.filter(({ state }) => state === 'listening')
      .map((socket) => ({ ...describe(socket), isOfHolder: isOfHolder(socket, facts.holder) })),
    bound: tellsBound ? bound?.map(describe) : undefined,
    connections: tcp && groupConnections(tcp, facts),
    udp: udp?.map(describe),
  };
}

function isOfHolder({ processIds }: PortSocket, holder: PortHolderReport | undefined): boolean | undefined {
  const holderId = holder?.process.processId;
  if (holderId === undefined || processIds.length === 0) return undefined;
  return processIds.some((processId) => platform.findAncestors(processId).includes(holderId));
}

/** The socket by which the holder keeps others away. Where nobody's processes are seen, one of the two is taken for the other's. */
function isHold({ processIds }: PortSocket, holder: PortHolderReport | undefined): boolean {
  if (holder === undefined) return false;
  const { processId } = holder.process;
  return processId === undefined ? processIds.length === 0 : processIds.includes(processId);
}

function describeSocket(socket: PortSocket, facts: SocketFacts): SocketReport {
  const { address, peer } = socket;
  return { address, peer, processes: describeOwners(socket, facts) };
}

function describeOwners({ processIds, userId }: PortSocket, { processes }: SocketFacts): ProcessStatus[] {
  if (processIds.length === 0) return [processes.describe({ userId })];
  return processIds.map((processId) => processes.describe({ processId }));
}

const SHOWN_PEER_COUNT = 5;

interface Connection extends PortSocket {
  readonly kind: ConnectionsReport['kind'];
}

/** Many of them are alike. */
function groupConnections(sockets: readonly PortSocket[], facts: SocketFacts): ConnectionsReport[] {
  const isServed = sockets.some(({ state }) => state === 'listening');
  const connections = sockets
    .filter(({ state }) => state !== 'listening' && state !== 'bound')
    .map((socket): Connection => ({ ...socket, kind: kindOf(socket, isServed, facts) }));
  const groups = groupBy(connections, ({ kind, state, userId, processIds }) =>
    [kind, state, userId, ...processIds].join(),
  );
  return [...groups.values()].map((members) => describeGroup(members, facts));
}

/** Which end it is does not show in any table. */
function kindOf(
  socket: PortSocket,
  isServed: boolean,
  { isEphemeral, listeningPorts }: SocketFacts,
): ConnectionsReport['kind'] {
  const { state, peer } = socket;
  if (isAbandoned(socket)) return 'lingering';
  if (isServed) return 'server';
  if (isEphemeral || state === 'connecting') return 'client';
  return peer !== undefined && isLoopback(peer.address) && listeningPorts.has(peer.port)
    ? 'client'
    : 'server';
}

/** Its process has closed it. */
function isAbandoned({ state, processIds, userId }: PortSocket): boolean {
  return state === 'time-wait' || (state === 'closing' && processIds.length === 0 && userId === undefined);
}

/** Of IPv6 also those of IPv4 in it. */
function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:7f');
}

function describeGroup(members: readonly Connection[], facts: SocketFacts): ConnectionsReport {
  const [first] = members as readonly [Connection];
  return {
    kind: first.kind,
    state: first.state,
    count: members.length,
    peers: members.flatMap(({ peer }) => peer ?? []).slice(0, SHOWN_PEER_COUNT),
    processes: isAbandoned(first) ? [] : describeOwners(first, facts),
  };
}
