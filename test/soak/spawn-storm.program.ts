/**
 * A process whose threads start children all the time, while it gives ports back and at once wants them again, from a pool that has
 * exactly as many as it uses. A forked child has copies of all descriptors, locks and servers included, until its exec.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { portAllocationStats, TCPPortOwner } from '../../src/index.ts';
import { viewOfLastPool } from '../support/pool-internals.ts';
import { programConfig, serve } from '../support/serve.ts';
import { until } from '../support/until.ts';

export interface SpawnStormOptions {
  readonly ports: string;
  readonly portCount: number;
  /** It ends after so many claims that found no port at first, because a child had it. */
  readonly misses: number;
  readonly threads: number;
  /** Resident memory, whose page tables each fork copies: the more, the longer a child has our descriptors. */
  readonly ballastBytes: number;
  readonly claim: 'at once' | 'eventually';
  readonly serves: boolean;
}

export interface SpawnStormOutcome {
  readonly claims: number;
  readonly refusals: readonly string[];
  readonly warnings: readonly string[];
  readonly leaks: number;
  readonly sealedPorts: number;
  /** Claims that found no port at first. */
  readonly misses: number;
}

const CHILDREN_AT_A_TIME = 4;
const MAX_ROUNDS = 100_000;

/** Counts the children of all threads. */
function keepSpawning(counter: Int32Array): void {
  const next = (): void => {
    Atomics.add(counter, 0, 1);
    spawn('true', { stdio: 'ignore' }).once('exit', next).once('error', next);
  };
  for (let child = 0; child < CHILDREN_AT_A_TIME; child++) next();
}

async function rage(options: SpawnStormOptions): Promise<SpawnStormOutcome> {
  const warnings: string[] = [];
  process.on('warning', ({ message }) => warnings.push(message));
  process.env['PORTSLICE_PORTS'] = options.ports;
  const ballast = Buffer.alloc(options.ballastBytes, 1);
  const counter = new Int32Array(new SharedArrayBuffer(4));
  const threads = Array.from(
    { length: options.threads },
    () => new Worker(new URL(import.meta.url), { workerData: counter, execArgv: [] }),
  );
  const owners = Array.from({ length: options.portCount }, () => new TCPPortOwner());
  await until('children are started', () => Atomics.load(counter, 0) > threads.length * CHILDREN_AT_A_TIME);
  const refusals: string[] = [];
  const pool = viewOfLastPool();
  let claims = 0;
  let misses = 0;
  for (let round = 0; misses < options.misses && round < MAX_ROUNDS; round++) {
    const owner = owners.shift();
    // Every look that finds nothing raises it.
    const pressure = pool.pressure();
    if (owner !== undefined && options.serves) await serveOn(owner.port);
    owner?.cleanup();
    try {
      owners.push(options.claim === 'at once' ? new TCPPortOwner() : await TCPPortOwner.acquire());
      claims++;
    } catch (error) {
      refusals.push((error as Error).message);
    }
    if (pool.pressure() !== pressure) misses++;
    // What was refused is free by now, or never will be.
    while (owners.length < options.portCount)
      owners.push(await TCPPortOwner.acquire({ acquireTimeoutMs: 5000 }));
  }
  const outcome = {
    claims,
    refusals,
    warnings,
    leaks: portAllocationStats().leaks,
    sealedPorts: pool.countSealed(),
    misses,
  };
  if (ballast.length !== options.ballastBytes) throw new Error('The ballast is gone.');
  return outcome;
}

const commands = { rage: (): Promise<SpawnStormOutcome> => rage(programConfig() as SpawnStormOptions) };
export type SpawnStormCommands = typeof commands;

/** The server is gone for this process when the port is given back. */
async function serveOn(port: number): Promise<void> {
  const server = net.createServer().listen(port);
  await once(server, 'listening');
  server.close();
}

if (isMainThread) serve(commands);
else keepSpawning(workerData as Int32Array);
