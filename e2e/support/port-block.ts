/** A range of ports for one test's project, so that its pool meets no other test's: what is left of it can be asserted. */
import { createServer, type Server } from 'node:net';
import { isQuiet } from '../../test/support/port-block.ts';

const FIRST_PORT = 11_000;
const BLOCK_PORT_COUNT = 100;
/** All below the ephemeral range. */
const BLOCK_COUNT = 210;

export interface PortBlock {
  readonly firstPort: number;
  readonly lastPort: number;
  /** As `PORTSLICE_PORTS` wants it. */
  readonly spec: string;
  free(): void;
}

/**
 * The kernel keeps a name for each block of one process on this machine, and frees it when the process dies.
 * @param size in hundreds of ports
 */
export async function claimPortBlock(size = 1): Promise<PortBlock> {
  const placeCount = BLOCK_COUNT - size + 1;
  const start = Math.floor(Math.random() * placeCount);
  for (let step = 0; step < placeCount; step++) {
    const index = (start + step) % placeCount;
    const servers = await listenForAll(index, size);
    if (servers === undefined) continue;
    const firstPort = FIRST_PORT + index * BLOCK_PORT_COUNT;
    const lastPort = firstPort + size * BLOCK_PORT_COUNT - 1;
    if (!isEachQuiet(firstPort, lastPort)) {
      closeAll(servers);
      continue;
    }
    return { firstPort, lastPort, spec: `${firstPort}-${lastPort}`, free: () => closeAll(servers) };
  }
  throw new Error('All blocks of ports are taken, or have connections in TIME_WAIT');
}

function isEachQuiet(firstPort: number, lastPort: number): boolean {
  for (let port = firstPort; port <= lastPort; port++) if (!isQuiet(port)) return false;
  return true;
}

async function listenForAll(firstIndex: number, count: number): Promise<Server[] | undefined> {
  const servers: Server[] = [];
  for (let index = firstIndex; index < firstIndex + count; index++) {
    const server = await tryToListen(`\0e2e-port-block/${index}`);
    if (server !== undefined) servers.push(server);
  }
  if (servers.length === count) return servers;
  closeAll(servers);
  return undefined;
}

function closeAll(servers: readonly Server[]): void {
  for (const server of servers) server.close();
}

function tryToListen(name: string): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(name, () => resolve(server));
  });
}
