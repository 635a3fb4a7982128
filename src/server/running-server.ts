/** A server with its ports, from its first start to its stop. */
import {
  describeCommand,
  ServerAddressInUseError,
  ServerStopError,
  ServerStoppedError,
} from '../errors/index.ts';
import { monotonicMs } from '../platform/clock.ts';
import type { TCPPortOwner } from '../pool/api/tcp-port-owner.ts';
import { dropHold, retakeHold } from '../pool/claim/hold-again.ts';
import { findOwnClaim } from '../pool/session/open-sessions.ts';
import { isHeld, type PortClaim } from '../pool/session/port-claim.ts';
import { warn } from '../pool/session/warnings.ts';
import type { ServerSettings } from './check-options.ts';
import { startCommand } from './command-instance.ts';
import { fillIn } from './command-template.ts';
import { startFunction } from './function-instance.ts';
import type { Instance } from './instance.ts';
import { nextLook } from './listening-watch.ts';
import { ServerOutput } from './output.ts';
import { findReach, type Reach, socketsInReach } from './reach.ts';
import { untilReady } from './readiness.ts';
import { rememberInstance } from './running-instances.ts';
import { FIRST_PORT_NAME, type ServerPorts } from './server-options.ts';
import type { Server, ServerEnd } from './server.ts';

/** A server that has not come up has nothing to lose. */
const FAILED_START_GRACE_MS = 1000;
/** The kernel closes the sockets of a process before its parent learns of its end, but other processes can have them for a moment. */
const PORT_FREE_TIMEOUT_MS = 2000;

export class RunningServer implements Server {
  readonly ports: ServerPorts;
  readonly owner: TCPPortOwner;
  readonly port: number;
  readonly #settings: ServerSettings;
  readonly #release: () => void;
  readonly #output = new ServerOutput();
  readonly #dropped = new Set<PortClaim>();
  #isWithoutHold = false;
  #instance: Instance | undefined;
  #forget: () => void = () => {};
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
    await this.#run(async () =>
      this.#start(
        signal === undefined ? this.#stopping.signal : AbortSignal.any([signal, this.#stopping.signal]),
      ),
    );
  }

  async restart(): Promise<void> {
    await this.#run(async () => {
      this.#throwIfStopped();
      await this.#end(this.#settings.stopTimeoutMs);
      this.#throwIfStopped();
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

  /** One after the other. */
  async #run(act: () => Promise<void>): Promise<void> {
    const work = this.#work.then(act);
    this.#work = work.catch(() => undefined);
    return work;
  }

  #throwIfStopped(): void {
    if (this.#stopping.signal.aborted) throw this.#stoppedError();
  }

  #stoppedError(): ServerStoppedError {
    return new ServerStoppedError({ name: this.#settings.name, port: this.port });
  }

  async #stop(): Promise<void> {
    this.#stopping.abort(this.#stoppedError());
    await this.#work;
    try {
      await this.#end(this.#settings.stopTimeoutMs);
    } finally {
      this.#release();
    }
  }

  async #start(signal: AbortSignal): Promise<void> {
    this.#setHolds(!this.#isWithoutHold);
    try {
      await this.#startOnce(signal);
    } catch (error) {
      if (!this.#canTryWithoutHold(error)) throw error;
      this.#setHolds(false);
      await this.#startOnce(signal);
      this.#isWithoutHold = true;
      this.#hintAtHold();
    }
  }

  async #startOnce(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#output.beginStart();
    const reaches = await this.#findReaches();
    const instance = await this.#startInstance();
    this.#instance = instance;
    this.#forget = rememberInstance(instance);
    const isHeld_ = this.#claims().some(isHeld);
    try {
      await untilReady(
        {
          server: this,
          settings: this.#settings,
          instance,
          output: this.#output,
          reaches,
          isHeld: isHeld_,
        },
        signal,
      );
      this.#readyAfterMs = monotonicMs() - instance.startedAtMs;
    } catch (error) {
      await this.#end(Math.min(this.#settings.stopTimeoutMs, FAILED_START_GRACE_MS));
      throw error;
    }
  }

  async #startInstance(): Promise<Instance> {
    const { command, env, cwd, stopSignal } = this.#settings;
    if (typeof command === 'function') return startFunction(command, this.ports);
    const fill = (text: string): string => fillIn(text, this.ports);
    const variables = Object.entries(env).map(([name, value]) => [
      name,
      value === undefined ? value : fill(value),
    ]);
    return startCommand(
      {
        command: typeof command === 'string' ? fill(command) : command.map(fill),
        env: { PORT: String(this.port), ...(Object.fromEntries(variables) as typeof env) },
        cwd: cwd === undefined ? undefined : fill(cwd),
      },
      stopSignal,
      (text) => this.#output.add(text),
    );
  }

  async #findReaches(): Promise<ReadonlyMap<string, Reach>> {
    const entries = Object.entries(this.ports).map(
      async ([name, owner]) => [name, await findReach(owner)] as const,
    );
    return new Map(await Promise.all(entries));
  }

  /** Ends what runs, and waits until nobody listens. @throws ServerStopError */
  async #end(graceMs: number): Promise<void> {
    const instance = this.#instance;
    if (instance === undefined) return;
    let problem: string | undefined;
    let cause: unknown;
    try {
      problem = await instance.stop(graceMs);
    } catch (error) {
      [problem, cause] = [String(error), error];
    }
    this.#forget();
    await this.#untilPortsAreFree();
    if (problem === undefined) return;
    const { name } = this.#settings;
    throw new ServerStopError({
      name,
      port: this.port,
      problem,
      output: this.#output.text(),
      lastLines: this.#output.lastLines(),
      cause,
    });
  }

  /** What listens for longer is named as a leak when the port is released. */
  async #untilPortsAreFree(): Promise<void> {
    const reaches = [...(await this.#findReaches()).values()];
    const deadlineMs = monotonicMs() + PORT_FREE_TIMEOUT_MS;
    while (monotonicMs() < deadlineMs) {
      const sockets = (await nextLook()) ?? [];
      if (reaches.every((reach) => socketsInReach(sockets, reach).length === 0)) return;
    }
  }

  #claims(): PortClaim[] {
    return Object.values(this.ports).flatMap(({ port }) => findOwnClaim(port) ?? []);
  }

  /** Only those that were there: the user may have asked for none. */
  #setHolds(areWanted: boolean): void {
    if (!areWanted) for (const claim of this.#claims()) if (dropHold(claim)) this.#dropped.add(claim);
    if (areWanted) this.#dropped.forEach(retakeHold);
  }

  #canTryWithoutHold(error: unknown): boolean {
    return (
      error instanceof ServerAddressInUseError &&
      error.processId === undefined &&
      !this.#stopping.signal.aborted &&
      this.#claims().some(isHeld)
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
