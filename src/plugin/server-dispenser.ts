/** Starts the servers of a test, a file or a worker, and ends them together at its end, before their ports are looked at. */
import { InvalidOptionError, ServerDiedError, TestEndedError } from '../errors/index.ts';
import { epochMs, monotonicMs, pause } from '../platform/clock.ts';
import { claimServer } from '../server/launch-server.ts';
import type { RunningServer } from '../server/running-server.ts';
import type { StartServerOptions } from '../server/server-options.ts';
import type { Server } from '../server/server.ts';
import { type DispenserFacts, longestWaitMs, PortDispenser, type UseScope } from './port-dispenser.ts';

/** One server of a test, as reports show it. Times are milliseconds since 1970. */
export interface ServerUse {
  readonly fixture: string;
  readonly scope: UseScope;
  /** As it was started, with its ports. */
  readonly command: string;
  /** Its first port. */
  readonly port: number;
  /** All its ports by name. */
  readonly ports: Readonly<Record<string, number>>;
  readonly startedAtMs: number;
  /** Undefined for an in-process server, and for a process that could not be started. */
  pid?: number | undefined;
  /** From its start until it was ready; undefined if it never was. */
  readyAfterMs?: number | undefined;
  /** Undefined while it runs. */
  endedAtMs?: number | undefined;
  /** Where it has ended by itself: its exit code, or the name of the signal that has ended it. */
  exitCode?: number | undefined;
  signal?: string | undefined;
}

/** The fixtures `servers` and `workerServers`: any number of servers, stopped by themselves. */
export interface Servers {
  /**
   * As `startServer`; the fixture `portOptions` has the defaults of the ports. Without options: one more of those that the
   * fixture `server` starts.
   */
  start(options?: StartServerOptions): Promise<Server>;
}

/** What a server has written. */
export interface ServerOutput {
  readonly use: ServerUse;
  readonly text: string;
}

/** A server whose ports are known, and which is started once, when it is wanted. */
export interface OwnServer {
  readonly url: string;
  start(): Promise<Server>;
}

/** What clients say of a server that has gone. */
const CUT_OFF = /ECONN|EPIPE|socket|connection|fetch failed|net::ERR/i;
/**
 * From the last packet of a process until its parent has noticed its end, on a busy machine: half a second, but counted in
 * looks, since a process that has to wait itself has noticed nothing meanwhile.
 */
const DEATH_LOOKS = 100;
const DEATH_POLL_MS = 5;

interface Claimed {
  readonly server: RunningServer;
  /** Undefined until it is started. */
  use: ServerUse | undefined;
}

export class ServerDispenser implements Servers {
  readonly #facts: DispenserFacts;
  readonly #options: StartServerOptions | undefined;
  readonly #ports: PortDispenser;
  readonly #claimed: Claimed[] = [];
  readonly #startMs = monotonicMs();
  #hasEnded = false;

  /** @param options what `start()` starts */
  constructor(facts: DispenserFacts, options: StartServerOptions | undefined) {
    this.#facts = facts;
    this.#options = options;
    this.#ports = new PortDispenser(facts);
  }

  async start(options: StartServerOptions | undefined = this.#options): Promise<Server> {
    if (options === undefined) {
      const { fixture } = this.#facts;
      throw noServerError(`${fixture}.start() without options`, optionOf(fixture));
    }
    return this.#start(await this.#claim(options));
  }

  /** Its ports are claimed now. */
  async claim(options: StartServerOptions): Promise<OwnServer> {
    const claimed = await this.#claim(options);
    let started: Promise<Server> | undefined;
    return {
      url: claimed.server.url(),
      start: () => (started ??= this.#start(claimed)),
    };
  }

  async #claim(options: StartServerOptions): Promise<Claimed> {
    const claimed: Partial<Claimed> = {};
    const server = await claimServer(options, {
      acquire: async (count, { label: _label, ...asked }) =>
        this.#ports.acquireFor(this.#facts.fixture, count, asked),
      release: (owners) => {
        if (claimed.use !== undefined) claimed.use.endedAtMs = epochMs();
        // At the end of the test they are taken back by who knows whether it has failed.
        if (!this.#hasEnded) for (const owner of owners) owner.cleanup();
      },
      longestWaitMs: () => Math.max(1, Math.floor(longestWaitMs(this.#facts, monotonicMs() - this.#startMs))),
    });
    const complete = Object.assign(claimed, { server, use: undefined });
    this.#claimed.push(complete);
    return complete;
  }

  async #start(claimed: Claimed): Promise<Server> {
    this.#throwIfEnded();
    const { server } = claimed;
    claimed.use = newUse(this.#facts, server);
    try {
      await server.start();
      return server;
    } catch (error) {
      await server.stop();
      // A body that goes on after its test's end.
      this.#throwIfEnded();
      throw error;
    }
  }

  #throwIfEnded(): void {
    if (this.#hasEnded) throw new TestEndedError({ label: this.#facts.label });
  }

  /** What has handed out its ports, also those on which no server was started. */
  get ports(): PortDispenser {
    return this.#ports;
  }

  get uses(): ServerUse[] {
    return this.#started().map(({ server, use }) => {
      const { pid, readyAfterMs, death } = server;
      return Object.assign(use, { pid, ...death, ...(readyAfterMs > 0 && { readyAfterMs }) });
    });
  }

  /** Of those that have written something: functions never do, nor programs that could not be started. */
  outputs(): ServerOutput[] {
    return this.#started()
      .map(({ server, use }) => ({ use, text: server.output() }))
      .filter(({ text }) => text.trim() !== '');
  }

  /**
   * Of a test that has failed with these errors: its servers that have ended by themselves. Clients notice the end of a
   * connection before the system tells us that its process has ended.
   */
  async findDeaths(errors: readonly string[]): Promise<ServerDiedError[]> {
    const isCutOff = errors.some((error) => CUT_OFF.test(error)) && this.#started().length > 0;
    for (let looks = isCutOff ? DEATH_LOOKS : 0; this.#deaths().length === 0 && looks > 0; looks--)
      await pause(DEATH_POLL_MS);
    return this.#deaths();
  }

  #deaths(): ServerDiedError[] {
    return this.#started().flatMap(({ server }) => {
      const { death, command: name, port, pid: processId } = server;
      const written = { output: server.output(), lastLines: server.lastLines() };
      return death === undefined
        ? []
        : [new ServerDiedError({ name, port, processId, ...death, ...written })];
    });
  }

  #started(): { server: RunningServer; use: ServerUse }[] {
    return this.#claimed.flatMap(({ server, use }) => (use === undefined ? [] : [{ server, use }]));
  }

  /** Names who listens on a port over which the test has failed. */
  explainFailure(errors: readonly string[]): void {
    this.#ports.explainFailure(errors);
  }

  /**
   * Stops the servers, and takes their ports back. A body that still runs, because it timed out, gets no more.
   * @param failed the ports are sealed, since the body may still use them
   */
  async endAll(failed: boolean): Promise<void> {
    this.#hasEnded = true;
    const stops = await Promise.allSettled(this.#claimed.map(async ({ server }) => server.stop()));
    await this.#ports.releaseAll(failed);
    for (const stop of stops) if (stop.status === 'rejected') throw stop.reason;
  }
}

function newUse({ fixture, scope }: DispenserFacts, { command, port, ports }: RunningServer): ServerUse {
  const numbers = Object.entries(ports).map(([name, owner]) => [name, owner.port] as const);
  return { fixture, scope, command, port, ports: Object.fromEntries(numbers), startedAtMs: epochMs() };
}

/** The option of 'server' is that of 'servers', too. */
function optionOf(fixture: string): string {
  return `${fixture.replace(/s$/, '')}Options`;
}

export function noServerError(who: string, option: string): InvalidOptionError {
  return new InvalidOptionError({
    option,
    value: undefined,
    problem: `is not set, so that ${who} has nothing to start`,
    expected: "what startServer() takes, such as { command: ['node', 'server.js', '{port}'] }",
  });
}
