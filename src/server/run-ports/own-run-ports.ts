/** The run ports of this process: told to every process that it starts, and kept for its life, unless they lapse. */
import { canonicalName } from '../../core/run-port-name.ts';
import { formatRunPortTable, movePorts, type RunPortTable, runPortKey } from '../../core/run-port-table.ts';
import { startInterval, stopInterval } from '../../platform/clock.ts';
import { publishRunPorts } from '../../platform/environment.ts';
import type { PackageFolder } from '../../platform/package-folder.ts';
import { platform } from '../../platform/platform.ts';
import type { CheckedOptions } from '../../pool/api/owner-options.ts';
import { releaseClaim } from '../../pool/claim/release.ts';
import type { PortClaim } from '../../pool/session/port-claim.ts';
import { claimAgain } from './claim-run-port.ts';
import { findServed } from './served-ports.ts';
import { traceRunPort } from './trace-run-port.ts';

export interface RunPort {
  /** As it was written first. */
  readonly name: string;
  readonly folder: PackageFolder;
  readonly port: number;
  /** With which it is claimed again. Those of `portslice run` never are. */
  readonly options?: CheckedOptions;
  /** Undefined: it is another process's, or has lapsed. */
  readonly claim: PortClaim | undefined;
  /** The `portslice run` whose server is joined. */
  readonly joinedProcessId: number | undefined;
}

/** Between a configuration and the start of its run is the loading of reporters. */
const LAPSE_AFTER_MS = 10_000;

export class OwnRunPorts {
  readonly #ports = new Map<string, RunPort>();
  readonly #lapsed = new Set<string>();
  #isAdopted = false;
  #lapseTimer: NodeJS.Timeout | undefined;
  kind: RunPortTable['kind'] = 'run';

  get all(): readonly RunPort[] {
    return [...this.#ports.values()];
  }

  find(folder: PackageFolder, name: string): RunPort | undefined {
    return this.#ports.get(keyOf(folder, name));
  }

  remember(runPort: RunPort): void {
    this.#ports.set(keyOf(runPort.folder, runPort.name), runPort);
  }

  /**
   * @param folder the one that is meant where none is named
   * @param told what this process was told: while that is the truth, it is meant for the processes that it starts, too
   */
  publish(folder: PackageFolder, told: RunPortTable | undefined): void {
    const isTrue = told !== undefined && platform.isRunning(told.processId);
    const own = Array.from(this.#ports, ([key, { port }]) => [key, port] as const);
    const ports = { ...(isTrue && movePorts(told, folder.id)), ...Object.fromEntries(own) };
    const table: RunPortTable = { processId: process.pid, kind: this.kind, folder: folder.id, ports };
    publishRunPorts(formatRunPortTable(table));
  }

  /**
   * For a configuration that says when its run starts: it is evaluated to list tests, too, in editors that stay open for days.
   * Those would keep the numbers from the runs that need them.
   */
  letLapse(): void {
    if (this.#isAdopted || this.#lapseTimer !== undefined) return;
    this.#lapseTimer = startInterval(() => this.#lapse(), LAPSE_AFTER_MS).unref();
  }

  /**
   * The run starts: from now on the ports are kept. Those that have lapsed are claimed again, and those of a joined server that has
   * ended since are the run's own from now on. @throws PortTakenError if somebody has one of them now
   */
  adopt(): void {
    this.#isAdopted = true;
    this.#stopTimer();
    for (const [key, runPort] of this.#ports) {
      if (!this.#lapsed.has(key) && !wasLeft(runPort)) continue;
      const claim = claimAgain(runPort);
      traceRunPort(runPort, 'claimed again, since the run starts');
      this.#ports.set(key, { ...runPort, claim, joinedProcessId: undefined });
      this.#lapsed.delete(key);
    }
  }

  #lapse(): void {
    this.#stopTimer();
    for (const [key, runPort] of this.#ports) {
      // A server that listens belongs to a run, whoever has started it.
      if (runPort.claim === undefined || platform.findListeners(runPort.port)?.length !== 0) continue;
      traceRunPort(runPort, 'lapsed, since no run has started');
      releaseClaim(runPort.claim);
      this.#ports.set(key, { ...runPort, claim: undefined });
      this.#lapsed.add(key);
    }
  }

  #stopTimer(): void {
    stopInterval(this.#lapseTimer);
    this.#lapseTimer = undefined;
  }
}

/** Whether nobody serves it any more, who was joined. */
function wasLeft({ folder, name, port, joinedProcessId }: RunPort): boolean {
  return joinedProcessId !== undefined && findServed(folder, name).every((served) => served.port !== port);
}

function keyOf(folder: PackageFolder, name: string): string {
  return runPortKey(folder.id, canonicalName(name));
}

// SYNC: plugin/playwright/run-port-servers.ts looks there, too, without loading this file.
const KEY = Symbol.for('portslice/run-ports/1');

/** On `process`, since a configuration and a global setup can have different instances of this module. */
export function ownRunPorts(): OwnRunPorts {
  const holder = process as { [KEY]?: OwnRunPorts };
  return (holder[KEY] ??= new OwnRunPorts());
}
