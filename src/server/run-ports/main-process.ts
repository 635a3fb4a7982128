/** Who claims the run ports: the main process of a run, and nobody else. */
import { parseRunPortTable, type RunPortTable } from '../../core/run-port-table.ts';
import { InvalidOptionError } from '../../errors/index.ts';
import { publishedRunPorts, readVariable, RUN_PORTS_VARIABLE } from '../../platform/environment.ts';
import { platform } from '../../platform/platform.ts';
import { isRunnersWorker } from '../../pool/session/worker-hint.ts';

export interface Place {
  /** Whether this process may claim. */
  readonly isMain: boolean;
  /** What the process has that we belong to; undefined: nothing, or what an outer run has is not for us. */
  readonly table: RunPortTable | undefined;
}

/** A runner that is started inside of a test is the main process of a run of its own, whatever it inherits. */
const RUNNERS =
  /(?:^|[\\/])(?:playwright|vitest|vitest\.mjs|(?:@playwright[\\/][\w-]+|playwright)[\\/]cli\.js)$/;

/** @throws InvalidOptionError if the variable is not ours */
export function findPlace(): Place {
  const table = readTable();
  const isThread = !process.getBuiltinModule('node:worker_threads').isMainThread;
  if (table?.processId === process.pid) return { isMain: !isThread, table };
  if (!isThread && RUNNERS.test(process.argv[1] ?? '')) {
    // What `portslice run` serves is meant for whatever it starts, as long as it serves it.
    const isServed = table?.kind === 'command' && platform.isRunning(table.processId);
    return { isMain: true, table: isServed ? table : undefined };
  }
  if (table !== undefined && platform.isRunning(table.processId)) return { isMain: false, table };
  // Of a run that has ended, what it has told its processes still holds among them.
  return { isMain: !isThread && !isRunnersWorker(), table };
}

function readTable(): RunPortTable | undefined {
  const text = publishedRunPorts();
  if (text === undefined) return undefined;
  const table = parseRunPortTable(text);
  if (table !== undefined) return table;
  throw new InvalidOptionError({
    option: RUN_PORTS_VARIABLE,
    value: readVariable(RUN_PORTS_VARIABLE),
    expected: 'what portslice itself has written there: unset it',
  });
}
