/** A range of ports for one test's project, so that its pool meets no other test's: what is left of it can be asserted. */
import { createServer, type Server } from 'node:net';

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

/** The kernel keeps a name for one block of one process on this machine, and frees it when the process dies. */
export async function claimPortBlock(): Promise<PortBlock> {
  const start = Math.floor(Math.random() * BLOCK_COUNT);
  for (let step = 0; step < BLOCK_COUNT; step++) {
    const index = (start + step) % BLOCK_COUNT;
    const server = await tryToListen(`\0e2e-port-block/${index}`);
    if (server === undefined) continue;
    const firstPort = FIRST_PORT + index * BLOCK_PORT_COUNT;
    const lastPort = firstPort + BLOCK_PORT_COUNT - 1;
    return { firstPort, lastPort, spec: `${firstPort}-${lastPort}`, free: () => server.close() };
  }
  throw new Error('All blocks of ports are taken');
}

function tryToListen(name: string): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(name, () => resolve(server));
  });
}
