/** The ways to get a port that a storm can compare. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type * as Portslice from '../../src/index.ts';
import type { AllocatorConfig } from './protocol.ts';

export interface Allocation {
  readonly port: number;
  release(): void;
}

/** As its documentation shows it: it wants to be told where to begin. */
const DETECT_PORT_START = 3000;

/** @param slot the number of the one who asks */
export type Allocate = (slot: number) => Promise<Allocation>;

/** Loads and prepares all that is needed only once, so that a storm measures none of it. */
export async function openAllocator(config: AllocatorConfig, acquireTimeoutMs: number): Promise<Allocate> {
  switch (config.kind) {
    case 'portslice':
      return openPortslice(config.source, { hold: config.hold ?? true, acquireTimeoutMs });
    case 'get-port':
      return openGetPort(config.range);
    case 'portfinder': {
      const { getPortPromise } = await import('portfinder');
      return async () => withoutRelease(await getPortPromise());
    }
    case 'detect-port': {
      const { detectPort } = await import('detect-port');
      return async () => withoutRelease(await detectPort(DETECT_PORT_START));
    }
    case 'get-port-please': {
      const { getPort } = await import('get-port-please');
      return async () => withoutRelease(await getPort());
    }
    default:
      return async () => withoutRelease(await listenAndClose());
  }
}

async function openPortslice(source: string, options: Portslice.AcquireOptions): Promise<Allocate> {
  const { portAllocationStats, TCPPortOwner } = (await import(source)) as typeof Portslice;
  // Opens the pool.
  portAllocationStats();
  return async (slot) => {
    // Both ways to make an owner, side by side.
    const { acquireTimeoutMs: _, ...atOnce } = options;
    const owner = slot % 2 === 0 ? new TCPPortOwner(atOnce) : await TCPPortOwner.acquire(options);
    return { port: owner.port, release: () => owner.cleanup() };
  };
}

async function openGetPort(range: readonly [number, number] | undefined): Promise<Allocate> {
  const { default: getPort, portNumbers } = await import('get-port');
  return async () => withoutRelease(await getPort(range && { port: portNumbers(...range) }));
}

/** What people write by hand. */
async function listenAndClose(): Promise<number> {
  const server = createServer();
  await once(server.listen(0), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function withoutRelease(port: number): Allocation {
  return { port, release: () => undefined };
}
