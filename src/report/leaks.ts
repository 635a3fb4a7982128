/** What was left behind, with whoever had it. */
import { describeCommand, harmless } from '../errors/index.ts';
import type { PortsReport, PortUseReport, TestReport } from './format.ts';

export interface LeakOfReport {
  readonly use: PortUseReport;
  /** Undefined: a worker or a file had it. */
  readonly test: TestReport | undefined;
  /** The test, file or worker. */
  readonly owner: string;
}

export function findLeaks({ tests, shared }: PortsReport): LeakOfReport[] {
  return [
    ...tests.flatMap((test) => leaksOf(test.ports, test, `'${titleOf(test)}'`)),
    ...shared.flatMap(({ ports, scope, file, worker }) =>
      leaksOf(ports, undefined, scope === 'file' ? `file '${file}'` : `worker ${worker}`),
    ),
  ];
}

function leaksOf(
  ports: readonly PortUseReport[],
  test: TestReport | undefined,
  owner: string,
): LeakOfReport[] {
  return ports.filter(({ state }) => state === 'leaked').map((use) => ({ use, test, owner }));
}

export function titleOf({ file, titles }: Pick<TestReport, 'file' | 'titles'>): string {
  return [file, ...titles].join(' > ');
}

const TITLE_LENGTH = 160;
const COMMAND_LENGTH = 120;

/** In one line that does no harm in a terminal. */
export function describeLeak({ use, owner }: LeakOfReport): string {
  const by = use.leakedBy.map(
    ({ processId, command }) =>
      `pid ${processId ?? 'unknown'} (${harmless(describeCommand(command), COMMAND_LENGTH)})`,
  );
  const listens = by.length === 0 ? '' : ` to ${by.join(', ')}`;
  return `port ${use.port} of ${harmless(owner, TITLE_LENGTH)}${listens}`;
}
