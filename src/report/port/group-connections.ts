/** Connections of a port, many of which are alike. */
import type { InspectedProcess, PortSocket } from '../../platform/port-inspector.ts';
import type { ConnectionsReport } from './port-report.ts';

export interface ConnectionFacts {
  /** Whether the port lies in the ephemeral range. */
  readonly isEphemeral: boolean;
  /** On which anybody of this machine listens. */
  readonly listeningPorts: ReadonlySet<number>;
  readonly inspect: (processId: number) => InspectedProcess;
}

const SHOWN_PEER_COUNT = 5;

/** @param sockets of one port, in any state */
export function groupConnections(
  sockets: readonly PortSocket[],
  facts: ConnectionFacts,
): ConnectionsReport[] {
  const isServed = sockets.some(({ state }) => state === 'listening');
  const groups = new Map<
    string,
    { readonly kind: ConnectionsReport['kind']; readonly members: PortSocket[] }
  >();
  for (const socket of sockets) {
    if (socket.state === 'listening' || socket.state === 'bound') continue;
    const kind = kindOf(socket, isServed, facts);
    const key = [kind, socket.state, socket.userId, ...socket.processIds].join();
    const group = groups.get(key) ?? { kind, members: [] };
    group.members.push(socket);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ kind, members }) => describe(kind, members, facts));
}

/** Which end it is does not show in any table. */
function kindOf(
  { state, peer, userId, processIds }: PortSocket,
  isServed: boolean,
  { isEphemeral, listeningPorts }: ConnectionFacts,
): ConnectionsReport['kind'] {
  const isAbandoned = processIds.length === 0 && userId === undefined;
  if (state === 'time-wait' || (state === 'closing' && isAbandoned)) return 'lingering';
  if (isServed) return 'server';
  if (isEphemeral || state === 'connecting') return 'client';
  return peer !== undefined && isLoopback(peer.address) && listeningPorts.has(peer.port)
    ? 'client'
    : 'server';
}

function isLoopback(address: string): boolean {
  return /^(?:::1$|(?:::ffff:)?127\.|::ffff:7f)/.test(address);
}

function describe(
  kind: ConnectionsReport['kind'],
  members: readonly PortSocket[],
  { inspect }: ConnectionFacts,
): ConnectionsReport {
  const [first] = members as [PortSocket];
  return {
    kind,
    state: first.state,
    count: members.length,
    peers: members.flatMap(({ peer }) => peer ?? []).slice(0, SHOWN_PEER_COUNT),
    userId: first.userId,
    processes: first.processIds.map(inspect),
  };
}
