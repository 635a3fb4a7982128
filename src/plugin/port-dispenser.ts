/** Hands out ports to a test, a file or a worker, and takes them back together at its end. */
import { followSignals } from '../core/follow-signals.ts';
import {
  NoTestError,
  type PortLeak,
  PortLeakError,
  type ProcessDescription,
  TestEndedError,
} from '../errors/index.ts';
import { epochMs, monotonicMs, pause, startImmediate } from '../platform/clock.ts';
import { publishedRunFacts } from '../platform/environment.ts';
import type { AcquireManyOptions, AcquireOptions } from '../pool/api/owner-options.ts';
import type { OwnerTuple } from '../pool/api/owner-tuple.ts';
import { acquireFrom, type OwnedClaim, type TCPPortOwner } from '../pool/api/tcp-port-owner.ts';
import { warnOfLeak } from '../pool/claim/leaks.ts';
import { stillListens } from '../pool/claim/probe.ts';
import { releaseClaim } from '../pool/claim/release.ts';
import { currentSlice, hasRunPool } from '../pool/session/current-slice.ts';
import { checkSignal } from '../pool/session/option-checks.ts';
import {
  claimState,
  type OnLeak,
  PART_OF_TEST_TIMEOUT,
  type PortClaim,
  type ReleasedState,
  releasedState,
  sliceOf,
} from '../pool/session/port-claim.ts';
import { warnOnce } from '../pool/session/warnings.ts';
import { isFirstWorker, workerHint } from '../pool/session/worker-hint.ts';
import { explainAddressInUse } from './explain-address-in-use.ts';
import { checkOnLeak, onLeakOfRun } from './on-leak.ts';

export { NoTestError };

/** For whom ports and servers are there: all that a test is told of are its own, or its file's or worker's. */
export type UseScope = 'test' | 'file' | 'worker';

/** One port of a test, as reports show it. Times are milliseconds since 1970. */
export interface PortUse {
  readonly fixture: string;
  readonly scope: UseScope;
  readonly port: number;
  /** The slice for which it was claimed: 0 is the run's own, each worker has another one. */
  readonly slice: number;
  /** Whether it was taken from another slice, since this one had none left. */
  readonly borrowed: boolean;
  /** How long the fixture waited for a free port; 0: there was one at once. */
  readonly waitedMs: number;
  readonly acquiredAtMs: number;
  /** Undefined while the port is in use. */
  releasedAtMs?: number;
  /** What became of it: sealed ports are kept from everybody, because their test failed or left a server behind. */
  state?: ReleasedState;
  /** Of a leaked port: who still listened on it, as far as that is known. */
  leakedBy?: readonly ProcessDescription[];
}

/** What a worker passes on of the run, for reports that are made on another machine. */
export interface ToldRun {
  /** From 1; 0: the main process. */
  readonly worker: number;
  /** As the main process has published it: JSON, for portslice alone. */
  readonly facts: string;
}

/** The fixtures `ports` and `workerPorts`: any number of ports, released by themselves. */
export interface Ports {
  /** As `TCPPortOwner.acquire`; the options of the fixture `portOptions` are the defaults. */
  acquire(options?: AcquireOptions): Promise<TCPPortOwner>;
  /** Several ports, all or none: as `TCPPortOwner.acquireMany`. */
  acquireMany<const Count extends number>(
    count: Count,
    options?: AcquireManyOptions,
  ): Promise<OwnerTuple<Count>>;
  /** A port as a plain number. */
  getNextAvailableTCPPort(options?: AcquireOptions): Promise<number>;
}

/** What a fixture can be given: a part of the owner's options, and what concerns the end of the test. */
export interface PortOptions extends Pick<
  AcquireOptions,
  'hosts' | 'socketAddressFamily' | 'hold' | 'transports' | 'acquireTimeoutMs'
> {
  /** What is done when the test leaves something listening on a port. Default: what the run's configuration says, else 'warn'. */
  onLeak?: OnLeak | undefined;
}

export interface DispenserFacts {
  readonly fixture: string;
  readonly label: string;
  readonly defaults: PortOptions;
  /** Of the test; 0: none. We wait for a part of it only, so that people see our error and not the runner's time-out. */
  readonly testTimeoutMs: number;
  /** Of a test: then what it has used of its time counts too. Several tests may each wait anew. */
  readonly scope: UseScope;
  /** @param run as `PortDispenser.toldRun` */
  readonly onAcquire: (use: PortUse, run: ToldRun | undefined) => void;
}

const DEFAULT_WAIT_MS = 30_000;
/** A server that was told to end may take this long before it counts as leaked. */
const GRACE_MS = 250;
const GRACE_POLL_MS = 5;

export class PortDispenser implements Ports {
  readonly #facts: DispenserFacts;
  readonly #given: { readonly claim: PortClaim; readonly use: PortUse }[] = [];
  readonly #startMs = monotonicMs();
  #hasEnded = false;
  /** Of the acquisitions under way. */
  readonly #waiting = new Set<AbortController>();

  constructor(facts: DispenserFacts) {
    this.#facts = facts;
  }

  async acquire(options: AcquireOptions = {}): Promise<TCPPortOwner> {
    const [owner] = await this.acquireMany(1, options);
    return owner;
  }

  async getNextAvailableTCPPort(options: AcquireOptions = {}): Promise<number> {
    return (await this.acquire(options)).port;
  }

  async acquireMany<const Count extends number>(
    count: Count,
    options: AcquireManyOptions = {},
  ): Promise<OwnerTuple<Count>> {
    return (await this.acquireFor(this.#facts.fixture, count, options)) as OwnerTuple<Count>;
  }

  /** For fixtures that hand out ports of this dispenser under another name. */
  async acquireFor(
    fixture: string,
    count: number,
    options: AcquireManyOptions = {},
  ): Promise<TCPPortOwner[]> {
    const {
      defaults: { onLeak, ...defaults },
      label,
    } = this.#facts;
    const policy = onLeak === undefined ? onLeakOfRun() : checkOnLeak('onLeak', onLeak);
    const startMs = monotonicMs();
    let hasWaited = false;
    const asked = { label, ...defaults, ...withoutUndefined(options) };
    checkSignal(options.signal);
    const end = new AbortController();
    const { signal } = end;
    if (this.#hasEnded) throw new TestEndedError({ label });
    const unfollow = followSignals(end, [options.signal]);
    this.#waiting.add(end);
    try {
      const acquireTimeoutMs = Math.min(asked.acquireTimeoutMs ?? DEFAULT_WAIT_MS, this.#longestWaitMs());
      const limits = { ...asked, acquireTimeoutMs, signal };
      const owned = await acquireFrom(currentSlice, count, limits, () => (hasWaited = true));
      if (signal.aborted) for (const { owner } of owned) owner.cleanup();
      signal.throwIfAborted();
      this.#note(owned, fixture, hasWaited ? monotonicMs() - startMs : 0, policy);
      if (!hasRunPool() && isFirstWorker()) hintAtGlobalSetup();
      return owned.map(({ owner }) => owner);
    } finally {
      unfollow();
      this.#waiting.delete(end);
    }
  }

  #note(owned: readonly OwnedClaim[], fixture: string, waitMs: number, onLeak: OnLeak): void {
    const waitedMs = Math.ceil(waitMs);
    const { testTimeoutMs, scope, onAcquire } = this.#facts;
    const hasEnd = scope === 'test' && testTimeoutMs > 0;
    const run = this.toldRun;
    const acquiredAtMs = epochMs();
    for (const { claim } of owned) {
      claim.onLeak = onLeak;
      if (hasEnd) claim.testEndsAtMs = this.#startMs + testTimeoutMs;
      const { port, borrowed } = claim;
      const slice = sliceOf(claim);
      const use: PortUse = { fixture, scope, port, slice, borrowed, waitedMs, acquiredAtMs };
      this.#given.push({ claim, use });
      onAcquire(use, run);
    }
  }

  /** What is to be passed on of the run, once by each process. Undefined: nobody makes a report. */
  get toldRun(): ToldRun | undefined {
    const facts = publishedRunFacts();
    if (facts === undefined) return undefined;
    return { worker: workerHint(currentSlice().session.segment.creatorProcessId) ?? 0, facts };
  }

  /** All that were handed out, also those that the test has cleaned up itself. */
  get uses(): PortUse[] {
    return this.#given.map(({ use }) => use);
  }

  /** Names who listens on a port over which the test has failed. Call it as soon as the body has ended. */
  explainFailure(errors: readonly string[]): void {
    if (errors.length === 0) return;
    for (const { claim } of this.#given) explainAddressInUse(claim, errors);
  }

  /**
   * Takes everything back. A body that still runs, because it timed out, gets no more ports.
   * @param failed the ports are sealed, since the body may still use them
   * @param leaksFail whether an error fails whoever has left servers; else they are warned of
   * @throws PortLeakError where `onLeak` is 'fail', when all is taken back
   */
  async releaseAll(failed: boolean, leaksFail: boolean = true): Promise<void> {
    this.#end();
    await this.#releaseWhatEnds(failed);
    this.#release(failed);
    // The last teardown of a worker is followed by its exit in the same tick, in which listeners for warnings never run.
    if (this.uses.some(({ state }) => state === 'leaked'))
      await new Promise((resolve) => void startImmediate(resolve));
    const leaks = this.#takeLeaks();
    if (leaks.length > 0 && leaksFail) throw new PortLeakError({ leaks });
    leaks.forEach(warnOfLeak);
  }

  /** As `releaseAll`, for a process that exits: no server gets time to end, and no test can fail any more. */
  releaseAtOnce(failed: boolean): void {
    this.#end();
    this.#release(failed);
    this.#takeLeaks().forEach(warnOfLeak);
  }

  /** Each once. */
  #takeLeaks(): PortLeak[] {
    return this.#given.flatMap(({ claim }) => {
      const { leak } = claim;
      claim.leak = undefined;
      return leak ?? [];
    });
  }

  #end(): void {
    this.#hasEnded = true;
    for (const end of this.#waiting) end.abort(new TestEndedError({ label: this.#facts.label }));
  }

  /** Gives the servers time to end. */
  async #releaseWhatEnds(failed: boolean): Promise<void> {
    let deadlineMs: number | undefined;
    while (this.#release(failed, true)) {
      deadlineMs ??= monotonicMs() + GRACE_MS;
      if (monotonicMs() >= deadlineMs) return;
      await pause(GRACE_POLL_MS);
    }
  }

  /** @returns whether a port is left on which a server listens */
  #release(failed: boolean, onlyUnused = false): boolean {
    let isServerLeft = false;
    for (const { claim, use } of this.#given) {
      if (use.releasedAtMs !== undefined) continue;
      if (onlyUnused && claimState(claim) === 'held' && stillListens(claim, !failed)) {
        isServerLeft = true;
        continue;
      }
      releaseClaim(claim, failed);
      use.releasedAtMs = claim.releasedAtMs ?? epochMs();
      use.state = releasedState(claim);
      if (claim.leakedBy !== undefined) use.leakedBy = claim.leakedBy.map(describedProcess);
    }
    return isServerLeft;
  }

  #longestWaitMs(): number {
    return longestWaitMs(this.#facts, monotonicMs() - this.#startMs);
  }
}

export function longestWaitMs(
  { testTimeoutMs, scope }: Pick<DispenserFacts, 'testTimeoutMs' | 'scope'>,
  existsForMs: number,
): number {
  if (testTimeoutMs <= 0) return Infinity;
  return Math.max(0, testTimeoutMs * PART_OF_TEST_TIMEOUT - (scope === 'test' ? existsForMs : 0));
}

/** Without what is of no use elsewhere. */
function describedProcess({ processId, command }: ProcessDescription): ProcessDescription {
  return { processId, command };
}

/** An option that is given as undefined is not given. */
function withoutUndefined(options: AcquireManyOptions): AcquireManyOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function hintAtGlobalSetup(): void {
  warnOnce(
    'PORTSLICE_NO_POOL',
    "The run has no port pool, so each worker uses a private one; ports are unique all the same. Use portslice's plugin, " +
      'config wrapper or global setup to share one pool.',
  );
}
