/** A server with its ports, from its first start to its stop. */
import { followSignals } from '../core/follow-signals.ts';
import {
  describeCommand,
  describeEnd,
  ServerAddressInUseError,
  ServerHandOverError,
  ServerStopError,
  ServerStoppedError,
} from '../errors/index.ts';
import { monotonicMs } from '../platform/clock.ts';
import type { HandedSocket } from '../platform/handed-socket.ts';
import { describeReason, inMs, since, trace } from '../platform/trace.ts';
import type { TCPPortOwner } from '../pool/api/tcp-port-owner.ts';
import { warn, warnOnceInRun } from '../pool/session/warnings.ts';
import { nameOf, type ServerSettings } from './check-options.ts';
import { fillIn } from './command-template.ts';
import { HandOver } from './hand-over.ts';
import type { Instance, InstanceStop } from './instance.ts';
import { warnOfKill } from './kill-warning.ts';
import { rejectListener, untilPortsAreFree } from './listening.ts';
import { ServerOutput } from './output.ts';
import { findReach, type Reach } from './reach.ts';
import { untilReady } from './readiness.ts';
import { rememberInstance } from './running-instances.ts';
import { ServerHolds } from './server-holds.ts';
import type { ServerHost } from './server-host.ts';
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
  readonly #host: ServerHost;
  readonly #output = new ServerOutput();
  readonly #holds: ServerHolds;
  readonly #handOver: HandOver | undefined;
  /** It cannot listen beside them. */
  #isWithoutHolds = false;
  /** Of the last start. */
  #instance: Instance | undefined;
  /** Ends it, and tells whether it had to be killed; undefined while there is nothing to be ended. */
  #end: ((graceMs: number) => Promise<boolean>) | undefined;
  #readyAfterMs = 0;
  #death: ServerEnd | undefined;
  /** What was begun last: starts follow each other. */
  #work: Promise<void> = Promise.resolve();
  readonly #stopping = new AbortController();
  #stopped: Promise<void> | undefined;
  declare readonly [Symbol.asyncDispose]: () => Promise<void>;

  static {
    // Undefined in vm contexts of Node 22, where compiled `await using` looks for the registered symbol.
    const name = Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose');
    Object.defineProperty(this.prototype, name, { value: stopThis, configurable: true, writable: true });
  }

  constructor(settings: ServerSettings, ports: ServerPorts, host: ServerHost) {
    this.ports = ports;
    this.owner = ports[FIRST_PORT_NAME] as TCPPortOwner;
    this.port = this.owner.port;
    this.#settings = settings;
    this.#host = host;
    this.#holds = new ServerHolds(Object.values(ports));
    if (settings.listen === 'inherit') this.#handOver = new HandOver(this.owner, settings.keepListening);
  }

  get pid(): number | undefined {
    return this.#instance?.processId;
  }

  get readyAfterMs(): number {
    return this.#readyAfterMs;
  }

  get exited(): Promise<ServerEnd> {
    this.#instance?.keepProcessAlive();
    return (this.#instance as Instance).ended;
  }

  /** How it has ended, if it was ready and has then ended by itself. */
  get death(): ServerEnd | undefined {
    return this.#death;
  }

  /** As it is started, with its ports. */
  get command(): string {
    return fillIn(nameOf(this.#settings.command), this.ports);
  }

  url(path?: string, protocol?: string): string {
    return this.owner.url(path, protocol);
  }

  output(): string {
    return this.#output.text();
  }

  /** Of its output, what is shown in messages. */
  lastLines(): string {
    return this.#output.lastLines();
  }

  /** For the first time. @throws as `startServer` */
  async start(): Promise<void> {
    const starting = new AbortController();
    const unfollow = followSignals(starting, [this.#stopping.signal, this.#settings.signal]);
    await this.#inTurn(async () => this.#start(starting.signal)).finally(unfollow);
  }

  async restart(): Promise<void> {
    await this.#inTurn(async () => {
      this.#stopping.signal.throwIfAborted();
      trace().server?.(`${this.#describe()} is restarted`);
      this.#handOver?.beginRestart();
      await this.#endInOrder();
      await this.#start(this.#stopping.signal);
    });
  }

  async stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
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
      await this.#endInOrder();
    } finally {
      this.#handOver?.close();
      this.#host.release(Object.values(this.ports));
    }
  }

  async #endInOrder(): Promise<void> {
    const wasKilled = await this.#end?.(this.#settings.stopTimeoutMs);
    if (wasKilled === true) warnOfKill(this.#settings);
  }

  async #start(signal: AbortSignal): Promise<void> {
    if (this.#isWithoutHolds) this.#holds.drop();
    try {
      await (this.#isWithoutHolds ? this.#startOnce(signal) : this.#startBesideHolds(signal));
    } catch (error) {
      // Also if there was nothing to be ended.
      this.#holds.retake();
      throw error;
    }
  }

  async #startBesideHolds(signal: AbortSignal): Promise<void> {
    try {
      await this.#startOnce(signal);
    } catch (error) {
      // With a listener, it is not the hold that is in the way.
      const canBeHold = error instanceof ServerAddressInUseError && error.processId === undefined;
      if (!canBeHold || !this.#holds.areThere) throw error;
      this.#holds.drop();
      trace().server?.(
        `${this.#describe()} is started again without the hold, which it cannot listen beside`,
      );
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
    this.#death = undefined;
    const handed = await this.#openSocket([...reaches.values()]);
    const instance = await this.#startInstance(handed);
    this.#instance = instance;
    trace().server?.(`${this.#describe()} has been started`);
    const forget = rememberInstance(instance, () => this.#describe());
    // Without its server nobody would ever accept a connection.
    void instance.ended.then(() => this.#instance === instance && this.#handOver?.noteEnd());
    this.#end = async (graceMs) => {
      this.#end = undefined;
      return this.#endInstance(instance, graceMs, [...reaches.values()]).finally(forget);
    };
    this.#tellProblem(instance.problem);
    try {
      await untilReady(
        {
          server: this,
          settings: { ...this.#settings, readyTimeoutMs: this.#readyTimeoutMs() },
          instance,
          output: this.#output,
          reaches,
          isHeld: this.#holds.areThere,
          handOver: this.#handOver,
        },
        signal,
      );
      this.#readyAfterMs = monotonicMs() - instance.startedAtMs;
      trace().server?.(`${this.#describe()} is ready after ${inMs(this.#readyAfterMs)}`);
      void instance.ended.then((end) => this.#noteDeath(instance, end));
    } catch (error) {
      trace().server?.(
        `${this.#describe()} is not ready after ${since(instance.startedAtMs)}: ${describeReason(error)}`,
      );
      await this.#endFailedStart();
      throw error;
    }
  }

  #readyTimeoutMs(): number {
    const { readyTimeoutMs } = this.#settings;
    return Math.min(readyTimeoutMs, this.#host.longestWaitMs?.() ?? readyTimeoutMs);
  }

  /** While something is left to be ended, nobody has ended it. */
  #noteDeath(instance: Instance, end: ServerEnd): void {
    if (this.#instance !== instance || this.#end === undefined || instance.survives(end)) return;
    this.#death = end;
    trace().server?.(`${this.#describe()} has ended by itself, with ${describeEnd(end)}`);
  }

  /** @throws ServerCommandError */
  async #startInstance(handed: HandedSocket | undefined): Promise<Instance> {
    try {
      return await startInstance(this.#settings, this.ports, handed, (text) => this.#output.add(text));
    } catch (error) {
      this.#handOver?.close();
      throw error;
    }
  }

  /** Why it has failed is told in any case. */
  async #endFailedStart(): Promise<void> {
    try {
      await this.#end?.(Math.min(this.#settings.stopTimeoutMs, FAILED_START_GRACE_MS));
    } catch (error) {
      warn(
        'PORTSLICE_SERVER_LEFT',
        `'${describeCommand(this.#settings.name)}' is not ready, and ${whyLeft(error)}`,
      );
    }
  }

  async #findReaches(): Promise<ReadonlyMap<string, Reach>> {
    const entries = Object.entries(this.ports).map(
      async ([name, owner]) => [name, await findReach(owner)] as const,
    );
    return new Map(await Promise.all(entries));
  }

  /** Waits until nobody listens, and keeps the port from others even if the server will be started again. */
  async #endInstance(instance: Instance, graceMs: number, reaches: readonly Reach[]): Promise<boolean> {
    const startMs = monotonicMs();
    const { wasKilled, failure } = await stopInstance(instance, graceMs);
    this.#handOver?.noteEnd();
    // While it is started again, the port may go on listening.
    const isOpen = this.#handOver?.socket !== undefined;
    await untilPortsAreFree(instance, isOpen ? reaches.slice(1) : reaches);
    this.#holds.retake();
    trace().server?.(`${this.#describe()} was ${wasKilled ? 'killed' : 'stopped'} in ${since(startMs)}`);
    if (failure === undefined) return wasKilled;
    const { name } = this.#settings;
    const written = { output: this.#output.text(), lastLines: this.#output.lastLines() };
    throw new ServerStopError({ name, port: this.port, ...failure, ...written });
  }

  /** @throws ForeignListenerError, ServerHandOverError */
  async #openSocket(reaches: readonly Reach[]): Promise<HandedSocket | undefined> {
    if (this.#handOver === undefined) return undefined;
    const socket = this.#handOver.open();
    if (socket !== undefined) return socket;
    const { name } = this.#settings;
    await rejectListener(name, reaches.slice(0, 1));
    const problem = `nobody can listen on port ${this.port}, perhaps since an earlier server has left connections for up to 60 s`;
    throw new ServerHandOverError({ name, port: this.port, problem, output: '', lastLines: '' });
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

  /** In lines of the trace. */
  #describe(): string {
    const ports = Object.values(this.ports).map(({ port }) => port);
    const process = this.pid === undefined ? '' : ` (pid ${this.pid})`;
    return `${ports.join(', ')} '${describeCommand(this.#settings.name)}'${process}`;
  }

  #hintAtHold(): void {
    warn(
      'PORTSLICE_SERVER_HOLD',
      `'${describeCommand(this.#settings.name)}' cannot listen on a held port, since it sets neither SO_REUSEADDR nor ` +
        'SO_REUSEPORT. It was started a second time without the hold: pass hold: false to start it once.',
    );
  }
}

async function stopThis(this: RunningServer): Promise<void> {
  return this.stop();
}

async function stopInstance(instance: Instance, graceMs: number): Promise<InstanceStop> {
  try {
    return await instance.stop(graceMs);
  } catch (error) {
    const fix = `End ${instance.processId === undefined ? 'it' : `pid ${instance.processId}`} yourself.`;
    return { wasKilled: false, failure: { problem: String(error), fix, cause: error } };
  }
}

/** In one line, without the output, which the error of the start has. */
function whyLeft(error: unknown): string {
  const reason =
    error instanceof ServerStopError
      ? `${error.problem}. ${error.fix}`
      : `${String(error)}. End it yourself.`;
  return `could not be stopped: ${reason}`;
}
