/** Makes the report of a run out of what its tests tell, one after the other: what they have told is not kept twice. */
import type { PortRecord } from '../pool/session/snapshot.ts';
import type { findForeignListeners } from './foreign-listeners.ts';
import { REPORT_VERSION } from './format.ts';
import type { MachineReport, PortsReport, SharedReport, TestReport } from './format.ts';
import { findTestsOf } from './lost-ports.ts';
import { Machines, type ThisMachine } from './machines.ts';
import type { RunFacts } from './run-facts.ts';
import { SharedUses } from './shared-uses.ts';
import { summarize } from './statistics.ts';
import type { ToldTest } from './told-test.ts';
import { parsePortUses, parseServerUses, type Scoped } from './told-uses.ts';

/** A test that found no free port. */
export interface ExhaustedTest {
  readonly test: TestReport;
  readonly message: string;
}

export interface Collected {
  readonly report: PortsReport;
  readonly exhausted: readonly ExhaustedTest[];
  /** How many tests and attachments could not be read, and what was wrong with one of them. */
  readonly damaged: { readonly count: number; readonly example: unknown };
}

export interface RunParts extends Pick<PortsReport, 'generator' | 'runner'> {
  readonly here: ThisMachine;
  /** What this machine knows, which has run the tests; undefined: it only merges. */
  readonly ownRun:
    | {
        readonly findForeignListeners: typeof findForeignListeners;
        readonly findLostPorts: () => PortRecord[];
      }
    | undefined;
}

const EXHAUSTED = /\bPortPoolExhaustedError\b|\bPORTSLICE_POOL_EXHAUSTED\b/;

export class ReportCollector {
  readonly #machines: Machines;
  readonly #shared = new SharedUses();
  readonly #tests = new Map<string, TestReport>();
  readonly #exhausted: ExhaustedTest[] = [];
  readonly #idsWithPorts = new Set<string>();
  readonly #idsWithoutPorts = new Set<string>();
  readonly #failedWithoutPorts: ToldTest[] = [];
  #startedAtMs = Infinity;
  #endedAtMs = 0;
  #damagedCount = 0;
  #damage: unknown;

  /** @param ownFacts of the run whose main process this is, if there is one */
  constructor(ownFacts: string | undefined) {
    this.#machines = new Machines(ownFacts);
  }

  /**
   * @param tell whatever it throws is counted, and the test left out
   * @returns undefined: the report does not have it
   */
  add(tell: () => ToldTest): TestReport | undefined {
    const told = this.#read(tell);
    return told === undefined ? undefined : this.#add(told);
  }

  #add(told: ToldTest): TestReport | undefined {
    const { testId, workerKey, run } = told;
    this.#note(told);
    if (run !== undefined) this.#read(() => this.#machines.learn(workerKey, run));
    const ports = told.ports.flatMap((read) => this.#read(() => parsePortUses(read())) ?? []);
    const servers = told.servers.flatMap((read) => this.#read(() => parseServerUses(read())) ?? []);
    const message = told.errors.find((text) => EXHAUSTED.test(text));
    if (ports.length === 0 && servers.length === 0 && message === undefined) {
      if (told.outcome !== 'skipped' && !this.#idsWithPorts.has(testId)) this.#idsWithoutPorts.add(testId);
      // Its worker may have ended before it could tell.
      if (told.outcome !== 'passed') this.#failedWithoutPorts.push(told);
      return undefined;
    }
    this.#idsWithPorts.add(testId);
    this.#idsWithoutPorts.delete(testId);
    const test = this.#toReport(told, ports, servers);
    const key = keyOf(test);
    const known = this.#tests.get(key);
    if (known !== undefined) return known;
    this.#tests.set(key, test);
    if (message !== undefined) this.#exhausted.push({ test, message });
    this.#addShared(test, ports, servers);
    return test;
  }

  #note({ startedAtMs, durationMs, outcome }: ToldTest): void {
    if (outcome === 'skipped' || startedAtMs === 0) return;
    this.#startedAtMs = Math.min(this.#startedAtMs, startedAtMs);
    this.#endedAtMs = Math.max(this.#endedAtMs, startedAtMs + durationMs);
  }

  #toReport(
    told: ToldTest,
    ports: readonly Scoped<TestReport['ports'][number]>[],
    servers: readonly Scoped<TestReport['servers'][number]>[],
  ): TestReport {
    const { testId: _id, workerKey, worker, run: _run, errors: _errors, id, ...facts } = told;
    const machine = this.#machines.placeOf(workerKey);
    const test = {
      id,
      machine,
      worker: worker ?? this.#machines.workerOf(workerKey),
      ...facts,
      ports: ownOf(ports),
      servers: ownOf(servers),
    };
    this.#machines.noteTime(machine, test.startedAtMs + test.durationMs);
    return test;
  }

  #addShared(
    { machine, worker, file, startedAtMs, durationMs }: TestReport,
    ports: readonly Scoped<TestReport['ports'][number]>[],
    servers: readonly Scoped<TestReport['servers'][number]>[],
  ): void {
    const ownerOf = (scope: 'worker' | 'file') => ({
      machine,
      worker,
      scope,
      file: scope === 'file' ? file : undefined,
    });
    for (const { scope, use } of ports)
      if (scope !== 'test') this.#shared.addPort(ownerOf(scope), use, startedAtMs + durationMs);
    for (const { scope, use } of servers) if (scope !== 'test') this.#shared.addServer(ownerOf(scope), use);
  }

  finish({ here, ownRun, ...parts }: RunParts): Collected {
    for (const told of findTestsOf(ownRun?.findLostPorts() ?? [], this.#failedWithoutPorts)) this.#add(told);
    const tests = withUniqueIds([...this.#tests.values()]).toSorted((a, b) => a.startedAtMs - b.startedAtMs);
    const shared = [...this.#shared.reports(), ...runPortsOf(this.#machines.facts)];
    const machines = this.#machines.reports(here);
    const poolPortCount = machines.reduce((sum, { pool }) => sum + (pool?.portCount ?? 0), 0);
    const report: PortsReport = {
      version: REPORT_VERSION,
      ...parts,
      startedAtMs: Math.min(this.#startedAtMs, here.nowMs),
      endedAtMs: this.#endedAtMs === 0 ? here.nowMs : this.#endedAtMs,
      machines: withListeners(machines, ownRun?.findForeignListeners, () => portsLeft(tests, shared)),
      tests,
      testsWithoutPorts: this.#idsWithoutPorts.size,
      shared,
      summary: summarize([...tests, ...shared.filter(({ scope }) => scope !== 'run')], poolPortCount),
    };
    return {
      report,
      exhausted: this.#exhausted,
      damaged: { count: this.#damagedCount, example: this.#damage },
    };
  }

  /** A report with one test less is better than none. */
  #read<T>(act: () => T): T | undefined {
    try {
      return act();
    } catch (error) {
      this.#damagedCount++;
      this.#damage = error;
      return undefined;
    }
  }
}

/** The same attempt can be in two blobs of one shard. Other attempts of its id are other tests: of another shard, or repeated. */
function keyOf({ id, machine, startedAtMs }: TestReport): string {
  return `${id} ${machine} ${startedAtMs}`;
}

function ownOf<Use>(uses: readonly Scoped<Use>[]): Use[] {
  return uses.filter(({ scope }) => scope === 'test').map(({ use }) => use);
}

/** Ids are what links name. */
function withUniqueIds(tests: readonly TestReport[]): TestReport[] {
  const seen = new Map<string, number>();
  return tests.map((test) => {
    const count = (seen.get(test.id) ?? 0) + 1;
    seen.set(test.id, count);
    return count === 1 ? test : { ...test, id: `${test.id}-${count}` };
  });
}

/** Of this machine, which is the first. */
function withListeners(
  machines: readonly MachineReport[],
  findListeners: typeof findForeignListeners | undefined,
  ownPorts: () => ReadonlySet<number>,
): readonly MachineReport[] {
  const [first, ...others] = machines;
  if (findListeners === undefined || first?.pool === undefined) return machines;
  const foreignListeners = findListeners(first.pool.ranges, ownPorts());
  return [{ ...first, pool: { ...first.pool, foreignListeners } }, ...others];
}

/** What still listens there is the run's own. */
function portsLeft(tests: readonly TestReport[], shared: readonly SharedReport[]): Set<number> {
  const ports = [...tests, ...shared].flatMap((one) => one.ports);
  return new Set(ports.filter(({ state }) => state !== 'free').map(({ port }) => port));
}

/** They are claimed before the run begins, and kept until after its end. */
function runPortsOf(facts: readonly (RunFacts | undefined)[]): SharedReport[] {
  return facts.flatMap((one, machine) =>
    one === undefined || one.runPorts.length === 0
      ? []
      : [
          {
            machine,
            worker: -1,
            scope: 'run' as const,
            file: undefined,
            servers: [],
            ports: one.runPorts.map(({ name, port }) => ({
              port,
              fixture: `runPort('${name}')`,
              slice: 0,
              borrowed: false,
              waitedMs: 0,
              acquiredAtMs: one.startedAtMs,
              releasedAtMs: undefined,
              state: undefined,
              leakedBy: [],
            })),
          },
        ],
  );
}
