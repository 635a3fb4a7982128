/** A process that is the main process of a run, a worker of one, or any other, as its environment says. */
import { PortPool, runPort, type RunPortOptions, TCPPortOwner } from '../../src/index.ts';
import { startRunPool } from '../../src/plugin/run-pool.ts';
import { ownRunPorts } from '../../src/server/run-ports/own-run-ports.ts';
import { serve } from '../support/serve.ts';

let stop: (() => void) | undefined;

const commands = {
  runPort: (name: string, options?: RunPortOptions): number => runPort(name, options),
  /** As a child of this process has it. */
  table: (): string => process.env['PORTSLICE_RUN_PORTS'] ?? '',
  enter: (folder: string): void => process.chdir(folder),
  /** What tells a runner from other programs. */
  pretendToBe: (script: string): void => void (process.argv[1] = script),
  startRun: (): void => void (stop = startRunPool(1).stop),
  stopRun: (): void => stop?.(),
  /** What the run's pool says of the port. */
  record: (port: number): unknown => {
    const found = PortPool.attach()
      .snapshot()
      .find((record) => record.port === port);
    return found && { state: found.state, label: found.label, processId: found.processId };
  },
  currentlyAllocated: (): number => PortPool.attach().stats().currentlyAllocatedPorts,
  claimAll: (count: number): number[] => Array.from({ length: count }, () => new TCPPortOwner().port),
  letLapse: (): void => ownRunPorts().letLapse(),
  adopt: (): void => ownRunPorts().adopt(),
};

export type RunPortCommands = typeof commands;

serve(commands);
