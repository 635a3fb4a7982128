/** All sockets of a port on Linux, and whose they are. */
import type { PortInspector, PortSocket, PortSockets, SocketState } from '../port-inspector.ts';
import { TCPState } from './constants.ts';
import { libc } from './libc.ts';
import { listProcesses, listSockets } from './proc.ts';
import { findRedirections } from './redirections.ts';
import { type DiagnosedSocket, dumpAllSockets } from './socket-diagnosis.ts';
import { readSockets, TCP_TABLES, textOfAddress, UDP_TABLES } from './socket-tables.ts';

export const system: PortInspector = { findSockets, findRedirections };

/** Of a socket that no process has any more. */
const NO_SOCKET = '0';

function findSockets(ports: ReadonlySet<number>): PortSockets {
  const dumped = dump();
  const tcp = dumped?.filter(({ port }) => ports.has(port)) ?? readTable(TCP_TABLES, ports);
  const udp = readTable(UDP_TABLES, ports);
  const owners = findOwners([...(tcp ?? []), ...(udp ?? [])]);
  return {
    tcp: tcp?.map((socket) => describe(socket, stateOf(socket.state), owners)),
    tellsBound: dumped !== undefined && hasBoundSockets(process.getBuiltinModule('node:os').release()),
    udp: udp?.map((socket) => describe(socket, socket.peerPort === 0 ? 'bound' : 'connected', owners)),
  };
}

/** Also undefined without the foreign function interface: then /proc tells most of it. */
function dump(): DiagnosedSocket[] | undefined {
  try {
    return dumpAllSockets(libc());
  } catch {
    return undefined;
  }
}

/** Since Linux 6.8 the kernel's table has those that are only bound. @param version such as '6.12.5-amd64' */
export function hasBoundSockets(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return major > 6 || (major === 6 && minor >= 8);
}

function readTable(tables: readonly string[], ports: ReadonlySet<number>): DiagnosedSocket[] | undefined {
  const sockets = readSockets(tables)?.filter(({ port }) => ports.has(port));
  return sockets?.map((socket) => ({
    port: socket.port,
    address: textOfAddress(socket.address),
    state: socket.state,
    peerAddress: textOfAddress(socket.peerAddress),
    peerPort: socket.peerPort,
    socketId: socket.inode,
    userId: socket.userId,
  }));
}

const STATES: Readonly<Record<number, SocketState>> = {
  [TCPState.listen]: 'listening',
  [TCPState.close]: 'bound',
  [TCPState.boundInactive]: 'bound',
  [TCPState.synSent]: 'connecting',
  [TCPState.synReceived]: 'connecting',
  [TCPState.newSynReceived]: 'connecting',
  [TCPState.established]: 'connected',
  [TCPState.timeWait]: 'time-wait',
};

function stateOf(state: number): SocketState {
  return STATES[state] ?? 'closing';
}

type Owners = ReadonlyMap<string, readonly number[]>;

/** The processes by the inode of the socket. */
function findOwners(sockets: readonly DiagnosedSocket[]): Owners {
  const owners = new Map<string, number[]>(
    sockets.flatMap(({ socketId }) => (socketId === NO_SOCKET ? [] : [[socketId, []] as const])),
  );
  if (owners.size === 0) return owners;
  for (const processId of listProcesses())
    for (const inode of new Set(listSockets(processId))) owners.get(inode)?.push(processId);
  return owners;
}

function describe(socket: DiagnosedSocket, state: SocketState, owners: Owners): PortSocket {
  const { port, address, peerAddress, peerPort, socketId, userId } = socket;
  return {
    port,
    state,
    address,
    peer: peerPort === 0 ? undefined : { address: peerAddress, port: peerPort },
    // The kernel says 0 of what no process has any more.
    userId: socketId === NO_SOCKET ? undefined : userId,
    processIds: owners.get(socketId) ?? [],
  };
}
