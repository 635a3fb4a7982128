/**
 * A storm: several processes with several slots each that all want ports out of a few at the same time, and use them.
 * The tests judge portslice by the log that the servers write; the benchmark compares allocators by it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PortPool } from '../../src/index.ts';
import type { Span } from '../support/overlaps.ts';
import { type ProcessProgramOptions, type Program, startProgram } from '../support/program.ts';
import { nowUs, readEvents } from './event-log.ts';
import type { AllocatorConfig, StormEvent, WorkerConfig } from './protocol.ts';
import type { StrangerCommands } from './stranger.program.ts';
import { judge, type Verdict } from './verdict.ts';
import type { WorkerCommands, WorkerResult } from './worker.program.ts';

export const SOURCE: string = new URL('../../src/index.ts', import.meta.url).href;

/** A process that differs from the others. */
export interface Member extends Pick<ProcessProgramOptions, 'env' | 'wrapper'> {
  readonly userId?: number;
}

export interface StormOptions {
  readonly allocator: AllocatorConfig;
  /** The spec of the ports; without it, those of this machine. */
  readonly ports?: string | undefined;
  /** One pool for all processes, instead of one for each. */
  readonly sharesPool?: boolean;
  readonly processes?: number;
  /** The processes, where they are not all alike and the caller has the pool. */
  readonly members?: readonly Member[] | undefined;
  readonly slots?: number;
  readonly roundsPerSlot?: number;
  readonly maxDelayMs?: number;
  readonly acquireTimeoutMs?: number;
  readonly closesFirst?: 'server' | 'client';
  /** How many of the processes run their last slot's servers in a process of its own. */
  readonly serverProcesses?: number;
  /** How many processes that know nothing of portslice listen on port 0 and connect all the time. */
  readonly strangers?: number;
}

type Optional = 'ports' | 'members';

export class Storm implements AsyncDisposable {
  readonly options: Required<Omit<StormOptions, Optional>> & Pick<StormOptions, Optional>;
  readonly pool: PortPool | undefined;
  readonly #directory: string;
  readonly #logFile: string;
  readonly #workers: Program<WorkerCommands>[] = [];
  readonly #strangers: Program<StrangerCommands>[] = [];
  readonly #killedAtUs = new Map<number, number>();
  readonly #strangersSpans: Span[] = [];

  /** Starts all processes; no worker begins before the last is ready and all strangers are at work. */
  static async gather(options: StormOptions): Promise<Storm> {
    const storm = new Storm(options);
    try {
      await Promise.all([
        ...storm.#workers.map(async (worker) => worker.ready),
        ...storm.#strangers.map(async (stranger) => stranger.call('start')),
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
      processes: options.members?.length ?? 8,
      slots: 4,
      roundsPerSlot: 20,
      maxDelayMs: 40,
      acquireTimeoutMs: 30_000,
      closesFirst: 'server',
      serverProcesses: 0,
      strangers: 0,
      ...options,
    };
    const { sharesPool, processes, strangers, ports } = this.options;
    this.#directory = mkdtempSync(path.join(tmpdir(), 'portslice-storm-'));
    this.#logFile = path.join(this.#directory, 'events.jsonl');
    if (sharesPool)
      this.pool = PortPool.create({ workers: processes, ...(ports === undefined ? {} : { ports }) });
    for (let number = 0; number < processes; number++) this.#workers.push(this.#startWorker(number));
    for (let number = 0; number < strangers; number++)
      this.#strangers.push(startProgram(new URL('stranger.program.ts', import.meta.url)));
  }

  get plannedRounds(): number {
    return this.options.processes * this.options.slots * this.options.roundsPerSlot;
  }

  /** All rounds of all processes. @param victims so many of the processes are killed when half of their rounds are over */
  async rage(victims = 0): Promise<WorkerResult[]> {
    const killed = this.#workers.splice(0, victims).map(async (worker, number) => {
      const rounds = worker.call('rage', true);
      rounds.catch(() => undefined);
      await worker.call('midway');
      this.#killedAtUs.set(number, nowUs());
      await worker.kill();
    });
    const [results] = await Promise.all([
      Promise.all(this.#workers.map(async (worker) => worker.call('rage'))),
      Promise.all(killed),
    ]);
    for (const stranger of this.#strangers) this.#strangersSpans.push(...(await stranger.call('stop')));
    return results;
  }

  /** Lets the remaining processes together have `count` ports at the same time. */
  async holdAll(count: number): Promise<void> {
    const each = count / this.#workers.length;
    await Promise.all(this.#workers.map(async (worker) => worker.call('hold', each)));
    await Promise.all(this.#workers.map(async (worker) => worker.call('release')));
  }

  events(): StormEvent[] {
    return readEvents(this.#logFile);
  }

  verdict(): Verdict {
    return judge(this.events(), { killedAtUs: this.#killedAtUs, strangers: this.#strangersSpans });
  }

  /** Ends the workers. @returns what they wrote to their standard error: warnings, mostly */
  async end(): Promise<string> {
    const exits = await Promise.all(this.#workers.splice(0).map(async (worker) => worker.end()));
    return exits.map(({ stderr }) => stderr).join('');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#workers.splice(0), ...this.#strangers.splice(0)];
    await Promise.all(all.map(async (one) => one.kill()));
    this.pool?.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #startWorker(worker: number): Program<WorkerCommands> {
    const { allocator, slots, roundsPerSlot, maxDelayMs, acquireTimeoutMs, closesFirst } = this.options;
    const { processes, serverProcesses, members } = this.options;
    const member = members?.[worker] ?? { env: this.#environment(worker) };
    const config: WorkerConfig & { worker: number } = {
      worker,
      logFile: this.#logFile,
      allocator,
      slots,
      roundsPerSlot,
      maxDelayMs,
      acquireTimeoutMs,
      closesFirst,
      // The last ones, which are not killed: a server that starts after its worker's death would be nobody's.
      usesServerProcess: worker >= processes - serverProcesses,
      userId: member.userId,
    };
    const { env = {}, wrapper = [] } = member;
    return startProgram(new URL('worker.program.ts', import.meta.url), { config, env, wrapper });
  }

  /** As if each process were a run of its own, or a worker of the run whose pool this is. */
  #environment(worker: number): Record<string, string> {
    if (this.pool !== undefined)
      return { PORTSLICE_POOL: this.pool.handle, TEST_PARALLEL_INDEX: String(worker) };
    const { ports } = this.options;
    return ports === undefined ? {} : { PORTSLICE_PORTS: ports };
  }
}
