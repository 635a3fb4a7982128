/** All sockets of a port on Windows, and whose they are. Loaded by load-system.ts. */
import { formatAddress } from '../../core/address-text.ts';
import type { PortInspector, PortSocket, PortSockets } from '../port-inspector.ts';
import { readSockets, readUDPSockets, type TCPSocket, type UDPSocket } from './tcp-table.ts';
import { win32 } from './win32.ts';

export const system: PortInspector = {
  findSockets,
  // `netsh interface portproxy` has a process that listens; Docker Desktop's own process listens on the ports of its containers.
  findRedirections: () => ({ found: [], seesRules: false }),
};

function findSockets(ports: ReadonlySet<number>): PortSockets {
  const api = win32();
  const isWanted = ({ port }: UDPSocket): boolean => ports.has(port);
  return {
    tcp: readSockets(api)?.filter(isWanted).map(describeTCP),
    tellsBound: false,
    udp: readUDPSockets(api)?.filter(isWanted).map(describeUDP),
  };
}

function describeTCP(socket: TCPSocket): PortSocket {
  const { state, peerAddress, peerPort } = socket;
  const peer = peerPort === 0 ? undefined : { address: formatAddress(peerAddress), port: peerPort };
  return { ...describeUDP(socket), state, peer };
}

function describeUDP({ port, address, processId }: UDPSocket): PortSocket {
  return {
    port,
    state: 'bound',
    address: formatAddress(address),
    peer: undefined,
    userId: undefined,
    processIds: processId === undefined ? [] : [processId],
  };
}
