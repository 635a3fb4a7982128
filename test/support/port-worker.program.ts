/** A process or thread that owns ports and does what the test tells it. See port-worker.ts. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import {
  type AcquireOptions,
  portAllocationStats,
  PortPool,
  type PortPoolOptions,
  type PortRecord,
  portIsInUse,
  PortsliceError,
  type PortAllocationStats,
  TCPPortOwner,
} from '../../src/index.ts';
import { releaseClaim } from '../../src/pool/claim/release.ts';
import { claimOf } from './claims.ts';
import { listen, type LocalServer, serverCommand } from './listening-server.ts';

export interface Warning {
  readonly code: string | undefined;
  readonly message: string;
}

/** A typed error as it travels to the test. */
export interface ErrorFacts {
  readonly name: string;
  readonly message: string;
  readonly code: string | undefined;
  /** An instance of PortsliceError. */
  readonly isOurs: boolean;
}

export interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: ErrorFacts;
}

export interface Request {
  readonly id: number;
  readonly name: keyof typeof commands;
  readonly args: readonly unknown[];
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
  /** As a fixture does after a failed test. */
  releaseSealed: (port: number): void => releaseClaim(claimOf(ownerOf(port)), true),
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
  isInUse: (port: number): boolean => portIsInUse(port),
  warnings: (): readonly Warning[] => warnings,
  /** Uses up the descriptors that this process may still open, but for so many. @returns how many it took */
  useUpDescriptors: (left: number): number => {
    const opened: number[] = [];
    try {
      for (;;) opened.push(openSync('/dev/null', 'r'));
    } catch {
      for (const descriptor of opened.splice(-left || opened.length)) closeSync(descriptor);
    }
    usedUp.push(...opened);
    return opened.length;
  },
  giveDescriptorsBack: (): void => {
    for (const descriptor of usedUp.splice(0)) closeSync(descriptor);
  },
};

const usedUp: number[] = [];

function factsOf(error: unknown): ErrorFacts {
  const { name, message, code } = error as NodeJS.ErrnoException;
  return { name, message, code, isOurs: error instanceof PortsliceError };
}

async function answer({ id, name, args }: Request): Promise<void> {
  const reply = (rest: Omit<Reply, 'id'>): void => {
    if (parentPort === null) process.send?.({ id, ...rest });
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
    else parentPort.postMessage({ id, ...rest });
  };
  try {
    const command = commands[name] as (...args: readonly unknown[]) => unknown;
    reply({ value: await command(...args) });
  } catch (error) {
    reply({ error: factsOf(error) });
  }
}

const source = parentPort ?? process;
source.on('message', (request: Request) => void answer(request));
