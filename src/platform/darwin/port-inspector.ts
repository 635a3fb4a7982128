/** All sockets of a port on macOS, and whose they are: of several processes that have one open, who has used it last. Loaded by load-system.ts. */
import { formatAddress } from '../../core/address-text.ts';
import type { PortInspector, PortSocket, PortSockets } from '../port-inspector.ts';
import { readSockets } from './listeners.ts';
import { isLockAddress } from './lock.ts';
import { readProcessInfo } from './proc.ts';
import type { InternetSocket } from './socket-table.ts';

export const system: PortInspector = {
  findSockets,
  // Packet filters are not asked. Docker Desktop's own process listens on the ports of its containers.
  findRedirections: () => ({ found: [], seesRules: false }),
};

function findSockets(ports: ReadonlySet<number>): PortSockets {
  const find = (transport: 'tcp' | 'udp'): PortSocket[] | undefined =>
    readSockets(transport)
      ?.filter(({ port, address }) => ports.has(port) && !isLockAddress(address))
      .map(describe);
  return { tcp: find('tcp'), tellsBound: true, udp: find('udp') };
}

function describe({
  port,
  state,
  address,
  peerAddress,
  peerPort,
  userId,
  processId,
}: InternetSocket): PortSocket {
  const isAlive = state !== 'time-wait' && readProcessInfo(processId) !== undefined;
  return {
    port,
    state,
    address: formatAddress(address),
    peer: peerPort === 0 ? undefined : { address: formatAddress(peerAddress), port: peerPort },
    userId,
    processIds: isAlive ? [processId] : [],
  };
}
