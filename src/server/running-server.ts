/** A server with its ports, from its first start to its stop. */
import {
  describeCommand,
  ServerAddressInUseError,
  ServerStopError,
  ServerStoppedError,
} from '../errors/index.ts';
import { monotonicMs } from '../platform/clock.ts';
import type { TCPPortOwner } from '../pool/api/tcp-port-owner.ts';
import { warn, warnOnceInRun } from '../pool/session/warnings.ts';
import type { ServerSettings } from './check-options.ts';
import type { Instance } from './instance.ts';
import { rejectListener, untilPortsAreFree } from './listening.ts';
import { ServerOutput } from './output.ts';
import { findReach, type Reach } from './reach.ts';
import { untilReady } from './readiness.ts';
import { rememberInstance } from './running-instances.ts';
import { ServerHolds } from './server-holds.ts';
import { FIRST_PORT_NAME, type ServerPorts } from './server-options.ts';
import type { Server, ServerEnd } from './server.ts';
import { startInstance } from './start-instance.ts';

/** A server that has not come up has nothing to lose. */
const FAILED_START_GRACE_MS = 1000;

export class RunningServer implements Server {
  readonly ports: ServerPorts;
  readonly owner: TCPPortOwner;
  readonly port: number;
  readonly #settings: ServerSettings;
  readonly #release: () => void;
  readonly #output = new ServerOutput();
  readonly #holds: ServerHolds;
  /** It cannot listen beside them. */
  #isWithoutHolds = false;
  /** Of the last start. */
  #instance: Instance | undefined;
  /** Ends it; undefined while there is nothing to be ended. */
  #end: ((graceMs: number) => Promise<void>) | undefined;
  #readyAfterMs = 0;
  /** What was begun last: starts follow each other. */
  #work: Promise<void> = Promise.resolve();
  readonly #stopping = new AbortController();
  #stopped: Promise<void> | undefined;

  /** @param release gives all of its ports back */
  constructor(settings: ServerSettings, ports: ServerPorts, release: () => void) {
    this.ports = ports;
    this.owner = ports[FIRST_PORT_NAME] as TCPPortOwner;
    this.port = this.owner.port;
    this.#settings = settings;
    this.#release = release;
    this.#holds = new ServerHolds(Object.values(ports));
  }

  get pid(): number | undefined {
    return this.#instance?.processId;
  }

  get readyAfterMs(): number {
    return this.#readyAfterMs;
  }

  get exited(): Promise<ServerEnd> {
    return (this.#instance as Instance).ended;
  }

  url(path?: string, protocol?: string): string {
    return this.owner.url(path, protocol);
  }

  output(): string {
    return this.#output.text();
  }

  /** For the first time. @throws as `startServer` */
  async start(): Promise<void> {
    const { signal } = this.#settings;
    const signals = [this.#stopping.signal, ...(signal === undefined ? [] : [signal])];
    await this.#inTurn(async () => this.#start(AbortSignal.any(signals)));
  }

  async restart(): Promise<void> {
    await this.#inTurn(async () => {
      this.#stopping.signal.throwIfAborted();
      await this.#end?.(this.#settings.stopTimeoutMs);
      await this.#start(this.#stopping.signal);
    });
  }

  async stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #inTurn(act: () => Promise<void>): Promise<void> {
    const work = this.#work.then(act);
    this.#work = work.catch(() => undefined);
    return work;
  }

  async #stop(): Promise<void> {
    this.#stopping.abort(new ServerStoppedError({ name: this.#settings.name, port: this.port }));
    await this.#work;
    try {
      await this.#end?.(this.#settings.stopTimeoutMs);
    } finally {
      this.#release();
    }
  }

  async #start(signal: AbortSignal): Promise<void> {
    if (!this.#isWithoutHolds) return this.#startBesideHolds(signal);
    this.#holds.drop();
    return this.#startOnce(signal);
  }

  async #startBesideHolds(signal: AbortSignal): Promise<void> {
    try {
      await this.#startOnce(signal);
    } catch (error) {
      // With a listener, it is not the hold that is in the way.
      const canBeHold = error instanceof ServerAddressInUseError && error.processId === undefined;
      if (!canBeHold || !this.#holds.areThere) throw error;
      this.#holds.drop();
      await this.#startOnce(signal);
      this.#isWithoutHolds = true;
      this.#hintAtHold();
    }
  }

  async #startOnce(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const reaches = await this.#findReaches();
    if (this.#settings.launcher !== undefined)
      await rejectListener(this.#settings.name, [...reaches.values()]);
    this.#output.beginStart();
    const instance = await startInstance(this.#settings, this.ports, (text) => this.#output.add(text));
    this.#instance = instance;
    const forget = rememberInstance(instance);
    this.#end = async (graceMs) => {
      this.#end = undefined;
      await this.#endInstance(instance, graceMs, [...reaches.values()]).finally(forget);
    };
    this.#tellProblem(instance.problem);
    try {
      await untilReady(
        {
          server: this,
          settings: this.#settings,
          instance,
          output: this.#output,
          reaches,
          isHeld: this.#holds.areThere,
        },
        signal,
      );
      this.#readyAfterMs = monotonicMs() - instance.startedAtMs;
    } catch (error) {
      await this.#endFailedStart();
      throw error;
    }
  }

  /** Why it has failed is told in any case. */
  async #endFailedStart(): Promise<void> {
    try {
      await this.#end?.(Math.min(this.#settings.stopTimeoutMs, FAILED_START_GRACE_MS));
    } catch (error) {
      warn('PORTSLICE_SERVER_LEFT', (error as Error).message);
    }
  }

  async #findReaches(): Promise<ReadonlyMap<string, Reach>> {
    const entries = Object.entries(this.ports).map(
      async ([name, owner]) => [name, await findReach(owner)] as const,
    );
    return new Map(await Promise.all(entries));
  }

  /** Waits until nobody listens, and keeps the port from others even if the server will be started again. */
  async #endInstance(instance: Instance, graceMs: number, reaches: readonly Reach[]): Promise<void> {
    const failure = await whyNotEnded(instance, graceMs);
    await untilPortsAreFree(instance, reaches);
    this.#holds.retake();
    if (failure === undefined) return;
    const { name } = this.#settings;
    const written = { output: this.#output.text(), lastLines: this.#output.lastLines() };
    throw new ServerStopError({ name, port: this.port, ...failure, ...written });
  }

  #tellProblem(problem: string | undefined): void {
    const [claim] = this.#holds.claims();
    if (problem === undefined || claim === undefined) return;
    warnOnceInRun(
      claim.session.segment,
      'PORTSLICE_SERVER_TREE',
      `Servers may outlive this process: ${problem}.`,
    );
  }

  #hintAtHold(): void {
    warn(
      'PORTSLICE_SERVER_HOLD',
      `'${describeCommand(this.#settings.name)}' cannot listen on a held port, since it sets neither SO_REUSEADDR nor ` +
        'SO_REUSEPORT. It was started a second time without the hold: pass hold: false to start it once.',
    );
  }
}

/** What it has thrown is the reason, too. */
async function whyNotEnded(
  instance: Instance,
  graceMs: number,
): Promise<{ problem: string; cause?: unknown } | undefined> {
  try {
    const problem = await instance.stop(graceMs);
    return problem === undefined ? undefined : { problem };
  } catch (error) {
    return { problem: String(error), cause: error };
  }
}
