/** Owns ports and does what the test tells it. See port-worker.ts. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  type AcquireOptions,
  portAllocationStats,
  PortPool,
  type PortPoolOptions,
  type PortRecord,
  portIsInUse,
  type PortAllocationStats,
  TCPPortOwner,
} from '../../src/index.ts';
import { platform } from '../../src/platform/platform.ts';
import type { MachineStatus } from '../../src/report/status/machine-status.ts';
import { readMachineStatus } from '../../src/report/status/read-machine.ts';
import { useUpDescriptors } from './descriptors.ts';
import { leaveTimeWait, listen, type LocalServer, serverCommand } from './listening-server.ts';
import { releaseSealed } from './pool-internals.ts';
import { becomeUser, programConfig, serve } from './serve.ts';

export interface Warning {
  readonly code: string | undefined;
  readonly message: string;
}

const owners = new Map<number, TCPPortOwner>();
const servers = new Map<number, LocalServer>();
const created = new Map<string, PortPool>();
const warnings: Warning[] = [];

process.on('warning', (warning: Error & { code?: string }) => {
  warnings.push({ code: warning.code, message: warning.message });
});

function keep(owner: TCPPortOwner): number {
  owners.set(owner.port, owner);
  return owner.port;
}

function ownerOf(port: number): TCPPortOwner {
  const owner = owners.get(port);
  if (owner === undefined) throw new Error(`This worker does not own port ${port}.`);
  return owner;
}

export const commands = {
  claim: (options?: AcquireOptions): number => keep(new TCPPortOwner(options)),
  acquire: async (options?: AcquireOptions): Promise<number> => keep(await TCPPortOwner.acquire(options)),
  acquireMany: async (count: number, options?: AcquireOptions): Promise<number[]> =>
    (await TCPPortOwner.acquireMany(count, options)).map(keep),
  acquireFromSlice: async (hint: number, options?: AcquireOptions): Promise<number> =>
    keep(await PortPool.attach().slice(hint).acquire(options)),
  /** Claims until there is no port left. */
  claimAll: (options?: AcquireOptions): number[] => {
    const ports: number[] = [];
    try {
      for (;;) ports.push(keep(new TCPPortOwner(options)));
    } catch {
      return ports;
    }
  },
  release: (port: number): void => ownerOf(port).cleanup(),
  releaseSealed: (port: number): void => releaseSealed(ownerOf(port)),
  listen: async (port: number, host?: string): Promise<void> => {
    servers.set(port, await listen(host === undefined ? { port } : { port, host }));
  },
  closeServer: async (port: number): Promise<void> => servers.get(port)?.close(),
  /** Starts a server that outlives this worker. Whoever asks has to kill it. */
  startServer: async (port: number): Promise<number> => {
    const [command, ...args] = serverCommand(port);
    const child = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    return child.pid as number;
  },
  leaveTimeWait,
  /** Serves on one port after another. */
  serve: async (rounds: number): Promise<number[]> => {
    const ports: number[] = [];
    for (let round = 0; round < rounds; round++) {
      using owner = await TCPPortOwner.acquire({ acquireTimeoutMs: 50_000 });
      await using _server = await listen({ port: owner.port });
      ports.push(owner.port);
    }
    return ports;
  },
  createPool: (options?: PortPoolOptions): string => {
    const pool = PortPool.create(options);
    created.set(pool.handle, pool);
    return pool.handle;
  },
  attach: (handle?: string): readonly number[] => PortPool.attach(handle).ports,
  closePool: (handle: string): void => created.get(handle)?.close(),
  slice: (hint?: number): { first: number; last: number; portCount: number } => {
    const { first, last, portCount } = PortPool.attach().slice(hint);
    return { first, last, portCount };
  },
  stats: (): PortAllocationStats => portAllocationStats(),
  snapshot: (): PortRecord[] => PortPool.attach().snapshot(),
  /** As `portslice status` reads it. */
  status: (): MachineStatus => readMachineStatus(),
  isInUse: (port: number): boolean => portIsInUse(port),
  warnings: (): readonly Warning[] => warnings,
  useUpDescriptors: (left: number): void => void (giveBack = useUpDescriptors(left)),
  giveDescriptorsBack: (): void => giveBack(),
};

let giveBack = (): void => undefined;

const userId = programConfig();
if (typeof userId === 'number') {
  platform.openKernel();
  becomeUser(userId);
}
serve(commands);
