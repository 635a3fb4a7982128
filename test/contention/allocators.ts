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
type Allocate = (slot: number) => Promise<Allocation>;

export interface Allocator {
  readonly allocate: Allocate;
  /** How often portslice found no port at once. */
  exhaustions(): number;
}

/** Loads and prepares all that is needed only once, so that a storm measures none of it. */
export async function openAllocator(config: AllocatorConfig, acquireTimeoutMs: number): Promise<Allocator> {
  if (config.kind === 'portslice') return openPortslice(config, acquireTimeoutMs);
  return { allocate: await openOther(config), exhaustions: () => 0 };
}

async function openOther(config: Exclude<AllocatorConfig, { kind: 'portslice' }>): Promise<Allocate> {
  switch (config.kind) {
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

const loaded = new Map<string, typeof Portslice>();

/** Once: afterwards the process may become a user to whom the project's folder is closed. */
export async function loadPortslice(source: string): Promise<typeof Portslice> {
  const known = loaded.get(source) ?? ((await import(source)) as typeof Portslice);
  loaded.set(source, known);
  return known;
}

async function openPortslice(
  { source, hold = true, waits = false }: Extract<AllocatorConfig, { kind: 'portslice' }>,
  acquireTimeoutMs: number,
): Promise<Allocator> {
  const { portAllocationStats, TCPPortOwner } = await loadPortslice(source);
  // Opens the pool.
  portAllocationStats();
  let exhaustions = 0;
  const acquire = (): Promise<Portslice.TCPPortOwner> => TCPPortOwner.acquire({ hold, acquireTimeoutMs });
  const claimOrWait = (): Portslice.TCPPortOwner | Promise<Portslice.TCPPortOwner> => {
    try {
      return new TCPPortOwner({ hold });
    } catch (error) {
      exhaustions++;
      if (!waits || (error as Portslice.PortsliceError).code !== 'PORTSLICE_POOL_EXHAUSTED') throw error;
      return acquire();
    }
  };
  // Both ways to make an owner, side by side.
  const allocate = async (slot: number): Promise<Allocation> => {
    const owner = await (slot % 2 === 0 ? claimOrWait() : acquire());
    return { port: owner.port, release: () => owner.cleanup() };
  };
  return { allocate, exhaustions: () => exhaustions };
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
