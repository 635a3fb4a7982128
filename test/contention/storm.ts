/**
 * A storm: several processes with several slots each that all want ports out of a few at the same time, and use them.
 * The tests judge portslice by the log that the servers write; the benchmark compares allocators by it.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PortPool } from '../../src/index.ts';
import { cleanEnvironment } from '../support/environment.ts';
import { nowUs, readEvents } from './event-log.ts';
import type { AllocatorConfig, Report, StormEvent, WorkerConfig } from './protocol.ts';
import { judge, type Verdict } from './verdict.ts';
import { kill, Worker } from './worker.ts';

export const SOURCE: string = new URL('../../src/index.ts', import.meta.url).href;

export interface StormOptions {
  readonly allocator: AllocatorConfig;
  /** The spec of the ports; without it, those of this machine. */
  readonly ports?: string | undefined;
  /** One pool for all processes, instead of one for each. */
  readonly sharesPool?: boolean;
  readonly processes?: number;
  readonly slots?: number;
  readonly roundsPerSlot?: number;
  readonly acquireTimeoutMs?: number;
  readonly closesFirst?: 'server' | 'client';
  /** How many of the processes run their last slot's servers in a process of its own. */
  readonly serverProcesses?: number;
  /** How many processes that know nothing of portslice listen on port 0 and connect all the time. */
  readonly strangers?: number;
}

const MAX_DELAY_MS = 40;

type Finished = Extract<Report, { kind: 'finished' }>;

export class Storm implements AsyncDisposable {
  readonly options: Required<Omit<StormOptions, 'ports'>> & Pick<StormOptions, 'ports'>;
  readonly pool: PortPool | undefined;
  readonly #directory: string;
  readonly #logFile: string;
  readonly #workers: Worker[] = [];
  readonly #strangers: ChildProcess[] = [];
  readonly #killedAtUs = new Map<number, number>();

  /** Starts all processes; no worker begins before the last is ready and all strangers are at work. */
  static async gather(options: StormOptions): Promise<Storm> {
    const storm = new Storm(options);
    try {
      await Promise.all([
        ...storm.#workers.map(async (worker) => worker.next('ready')),
        ...storm.#strangers.map(async (stranger) => once(stranger, 'message')),
      ]);
      return storm;
    } catch (error) {
      await storm[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(options: StormOptions) {
    this.options = {
      sharesPool: false,
      processes: 8,
      slots: 4,
      roundsPerSlot: 20,
      acquireTimeoutMs: 30_000,
      closesFirst: 'server',
      serverProcesses: 0,
      strangers: 0,
      ...options,
    };
    const { sharesPool, processes, strangers, ports } = this.options;
    this.#directory = mkdtempSync(path.join(tmpdir(), 'portslice-storm-'));
    this.#logFile = path.join(this.#directory, 'events.jsonl');
    writeFileSync(this.#logFile, '');
    if (sharesPool)
      this.pool = PortPool.create({ workers: processes, ...(ports === undefined ? {} : { ports }) });
    for (let number = 0; number < processes; number++) this.#workers.push(this.#startWorker(number));
    for (let number = 0; number < strangers; number++) this.#strangers.push(this.#startStranger());
  }

  get plannedRounds(): number {
    return this.options.processes * this.options.slots * this.options.roundsPerSlot;
  }

  /** All rounds of all processes. @param victims so many of the processes are killed when half of their rounds are over */
  async rage(victims = 0): Promise<Finished[]> {
    const killed = this.#workers.slice(0, victims).map(async (worker) => {
      await worker.next('midway');
      this.#killedAtUs.set(worker.processId, nowUs());
      await worker.kill();
    });
    const finished = this.#workers.slice(victims).map(async (worker) => worker.next('finished'));
    for (const worker of this.#workers) worker.tell({ kind: 'go' });
    const [reports] = await Promise.all([Promise.all(finished), Promise.all(killed)]);
    this.#workers.splice(0, victims);
    if (this.#strangers.some(({ exitCode }) => exitCode !== null))
      throw new Error('A stranger ended too soon.');
    return reports;
  }

  /** Lets the remaining processes together have `count` ports at the same time. */
  async holdAll(count: number): Promise<void> {
    const holding = this.#workers.map(async (worker) => worker.next('holding'));
    for (const worker of this.#workers) worker.tell({ kind: 'hold', count: count / this.#workers.length });
    await Promise.all(holding);
    const released = this.#workers.map(async (worker) => worker.next('released'));
    for (const worker of this.#workers) worker.tell({ kind: 'release' });
    await Promise.all(released);
  }

  events(): StormEvent[] {
    return readEvents(this.#logFile);
  }

  verdict(): Verdict {
    return judge(this.events(), this.#killedAtUs);
  }

  /** Ends the workers. @returns what they wrote to their standard error: warnings, mostly */
  async end(): Promise<string> {
    const outputs = await Promise.all(this.#workers.splice(0).map(async (worker) => worker.end()));
    return outputs.join('');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([
      ...this.#workers.splice(0).map(async (worker) => worker.kill()),
      ...this.#strangers.splice(0).map(async (stranger) => kill(stranger)),
    ]);
    this.pool?.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #startWorker(number: number): Worker {
    const { allocator, slots, roundsPerSlot, acquireTimeoutMs, closesFirst, serverProcesses } = this.options;
    const config: WorkerConfig = {
      logFile: this.#logFile,
      allocator,
      slots,
      roundsPerSlot,
      maxDelayMs: MAX_DELAY_MS,
      acquireTimeoutMs,
      closesFirst,
      // The last ones, which are not killed: a server that starts after its worker's death would be nobody's.
      usesServerProcess: number >= this.options.processes - serverProcesses,
    };
    return new Worker(config, this.#environment(number));
  }

  #startStranger(): ChildProcess {
    return fork(new URL('stranger.program.ts', import.meta.url), [this.#logFile], {
      env: cleanEnvironment(),
      execArgv: [],
    });
  }

  /** As if each process were a run of its own, or a worker of the run whose pool this is. */
  #environment(worker: number): NodeJS.ProcessEnv {
    if (this.pool !== undefined)
      return cleanEnvironment({ PORTSLICE_POOL: this.pool.handle, TEST_PARALLEL_INDEX: String(worker) });
    const { ports } = this.options;
    return cleanEnvironment(ports === undefined ? {} : { PORTSLICE_PORTS: ports });
  }
}
