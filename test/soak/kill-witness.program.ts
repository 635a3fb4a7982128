/**
 * A process that lives on while others are killed, and tells what it finds. The first argument is the URL of
 * portslice, as it is or with a fault. It uses the pool that its environment names, or else makes one of the ports named there.
 */
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import net from 'node:net';
import type * as Portslice from '../../src/index.ts';
import { platform } from '../../src/platform/platform.ts';

const source = process.argv[2] as string;
const { PortPool, portAllocationStats, TCPPortOwner } = (await import(source)) as typeof Portslice;
// For the victims, which have no time to write it.
flushCompileCache();

const warnings: string[] = [];
process.on('warning', ({ message }) => warnings.push(message));

function openPool(): Portslice.PortPool {
  if (process.env['PORTSLICE_POOL'] !== undefined) return PortPool.attach();
  const pool = PortPool.create({ workers: 2, restMs: Number(process.env['REST_MS']) });
  process.env['PORTSLICE_POOL'] = pool.handle;
  return pool;
}

const pool = openPool();

/** What a process could get of a pool. */
export interface Taking {
  /** Ascending. */
  readonly ports: readonly number[];
  readonly refusal: string;
  /** In the statistics, while it had all of them. */
  readonly allocatedPorts: number;
  /** On which nobody could listen. */
  readonly deafPorts: readonly number[];
  /** After all of them were given back. */
  readonly stats: Portslice.PortAllocationStats;
  readonly statesAfter: readonly string[];
  readonly warnings: readonly string[];
}

const questions = {
  handle: (): string => pool.handle,
  /** Claims every port of the pool without waiting, listens on one of them, and gives all back. */
  takeAll: async (): Promise<Taking> => {
    const owners: Portslice.TCPPortOwner[] = [];
    let refusal = '';
    try {
      for (const _ of pool.ports) owners.push(new TCPPortOwner({ label: 'taken by a witness' }));
    } catch (error) {
      refusal = (error as Error).message;
    }
    const allocatedPorts = portAllocationStats().currentlyAllocatedPorts;
    const deafPorts = await findDeaf(owners[Math.floor(Math.random() * owners.length)]);
    for (const owner of owners) owner.cleanup();
    return {
      ports: owners.map((owner) => owner.port).toSorted((a, b) => a - b),
      refusal,
      allocatedPorts,
      deafPorts,
      stats: portAllocationStats(),
      statesAfter: [...new Set(pool.snapshot().map(({ state }) => state))],
      warnings: warnings.splice(0),
    };
  },
  /** Ports on which something is bound, in whatever way. */
  boundPorts: (): number[] =>
    pool.ports.filter(
      (port) => platform.openKernel().checkStrictly(port, { addresses: 'everywhere' }) === undefined,
    ),
  /** The code of the error with which that pool cannot be attached to; '' if it can. */
  attachErrorOf: (handle: string): string => {
    try {
      PortPool.attach(handle);
      return '';
    } catch (error) {
      return (error as Portslice.PortsliceError).code;
    }
  },
  /** What this process has open. */
  descriptors: (): string[] =>
    readdirSync('/proc/self/fd').flatMap((name) => {
      try {
        return [`${name} ${readlinkSync(`/proc/self/fd/${name}`)}`];
      } catch {
        // The listing's own.
        return [];
      }
    }),
};

async function findDeaf(owner: Portslice.TCPPortOwner | undefined): Promise<number[]> {
  if (owner === undefined) return [];
  const server = net.createServer().listen(owner.port);
  try {
    await once(server, 'listening');
    return [];
  } catch {
    return [owner.port];
  } finally {
    server.close();
  }
}

export type Questions = typeof questions;
export type Question = keyof Questions;

process.on('message', ([question, argument]: [Question, string]) => {
  void (async () => {
    process.send?.(await questions[question](argument));
  })();
});
process.once('disconnect', () => process.exit());
process.send?.('ready');
