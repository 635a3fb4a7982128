/** The status of a machine, for people: a heading and a table for each pool. */
import { countText } from '../core/count-text.ts';
import { formatPortRange, joinRanges, rangesOfPorts } from '../core/port-range.ts';
import type {
  MachineStatus,
  OtherLocks,
  PoolStatus,
  PortStatus,
  ProcessStatus,
  ReadablePool,
  WorkerStatus,
} from '../report/status/machine-status.ts';
import { formatAge } from './age-text.ts';
import { styled } from './output.ts';
import { type Cell, type Column, formatTable } from './table.ts';
import { fit } from './text-width.ts';

const NOT_KNOWN = 'not known';
const UNSHOWN_LOCKS = 'This system does not show every lock: there can be others.';
/** Where no terminal says how wide it is. */
const MAX_LINE = 2000;

const PORT_COLUMNS: readonly Column[] = [
  { title: 'worker', align: 'right' },
  { title: 'pid', align: 'right' },
  { title: 'age', align: 'right' },
  { title: 'port', align: 'right' },
  { title: 'state' },
  { title: 'for', align: 'right' },
  { title: 'test', minWidth: 10 },
  { title: 'server', minWidth: 8 },
];

const OTHER_COLUMNS: readonly Column[] = [
  { title: 'pid', align: 'right' },
  { title: 'user', minWidth: 8 },
  { title: 'age', align: 'right' },
  { title: 'ports', minWidth: 12 },
  { title: 'command', minWidth: 8 },
  { title: 'server', minWidth: 8 },
];

export interface StatusSpace {
  /** Of the terminal; undefined: no terminal reads it. */
  readonly width: number | undefined;
  /** No table has more rows. */
  readonly maxRows?: number;
}

/** Lines without line breaks. */
export function formatStatus(status: MachineStatus, space: StatusSpace): string[] {
  const { pools, otherLocks } = status;
  return [
    line(formatTotals(status), space.width),
    ...pools.flatMap((pool) => ['', ...formatPool(pool, status.readAtMs, space)]),
    ...(otherLocks.length === 0 ? [] : ['', ...formatOthers(otherLocks, status.readAtMs, space)]),
    ...(status.showsAllLocks ? [] : ['', line(UNSHOWN_LOCKS, space.width)]),
  ];
}

function formatTotals({ totals }: MachineStatus): string {
  const { pools, workers, heldPorts, sealedPorts, unreadablePools, otherLockedPorts } = totals;
  if (pools === 0 && otherLockedPorts === 0) return 'No pool is live, and no port is locked.';
  return [
    countText(pools, 'pool'),
    countText(workers, 'worker'),
    `${countText(heldPorts, 'port')} held`,
    ...(sealedPorts === 0 ? [] : [`${sealedPorts} sealed`]),
    ...(unreadablePools === 0 ? [] : [`${countText(unreadablePools, 'pool')} that cannot be read`]),
    ...(otherLockedPorts === 0 ? [] : [`${countText(otherLockedPorts, 'port')} locked by others`]),
  ].join(', ');
}

function formatPool(pool: PoolStatus, nowMs: number, space: StatusSpace): string[] {
  const { process: main } = pool;
  const { width, maxRows = Infinity } = space;
  const title = `${pool.runner ?? 'runner not known'}  ${main.folder ?? `folder ${NOT_KNOWN}`}`;
  const lines = [
    styled('bold', line(title, width)),
    styled('dim', line(`${describeProcess(main, nowMs)}, ${describePorts(pool, nowMs)}`, width)),
    ...(main.command === undefined ? [] : [styled('dim', line(main.command, width))]),
  ];
  if (!pool.isReadable) return [...lines, line(`Its pool cannot be read: ${pool.problem}.`, width)];
  if (pool.workers.length === 0) return lines;
  const rows: Cell[][] = [];
  for (const worker of pool.workers) {
    if (rows.length >= maxRows) break;
    rows.push(...formatWorker(worker, pool, nowMs, maxRows));
  }
  return [...lines, ...indent(PORT_COLUMNS, rows, space)];
}

function describeProcess(process: ProcessStatus, nowMs: number): string {
  return [
    `pid ${process.processId ?? NOT_KNOWN}`,
    `user ${userOf(process)}`,
    ...(process.startedAtMs === undefined ? [] : [`for ${formatAge(nowMs - process.startedAtMs)}`]),
  ].join(', ');
}

function userOf({ userName, userId }: ProcessStatus): string {
  return userName ?? (userId === undefined ? NOT_KNOWN : String(userId));
}

function ageOf({ startedAtMs }: ProcessStatus, nowMs: number): string {
  return startedAtMs === undefined ? NOT_KNOWN : formatAge(nowMs - startedAtMs);
}

function describePorts(pool: PoolStatus, nowMs: number): string {
  if (!pool.isReadable) return 'ports not known';
  const { counts, portCount, startedAtMs } = pool;
  return [
    `${pool.isPrivate ? 'a private pool' : 'a pool'} of ${countText(portCount, 'port')} for ${formatAge(nowMs - startedAtMs)}`,
    countText(counts.claims, 'claim'),
    `at most ${counts.peakPorts} at once`,
    ...(counts.borrowedPorts === 0 ? [] : [`${counts.borrowedPorts} borrowed`]),
    ...(counts.waits === 0 ? [] : [countText(counts.waits, 'wait')]),
    ...(counts.leaks === 0 ? [] : [countText(counts.leaks, 'leak')]),
  ].join(', ');
}

function formatWorker(worker: WorkerStatus, pool: ReadablePool, nowMs: number, maxRows: number): Cell[][] {
  const { process, slice } = worker;
  const start = [
    pool.isPrivate ? '' : slice === 0 ? 'run' : String(slice),
    String(process.processId ?? NOT_KNOWN),
    ageOf(process, nowMs),
  ];
  if (worker.ports.length === 0) return [[...start, '', { text: 'no port', style: 'dim' }, '', '', '']];
  return worker.ports
    .slice(0, maxRows)
    .map((port) => [
      ...start,
      String(port.port),
      stateOf(port, worker, pool),
      formatAge(nowMs - port.claimedAtMs),
      port.label,
      describeListeners(port.listeners, process.processId),
    ]);
}

function stateOf({ port, state }: PortStatus, { isAlive }: WorkerStatus, pool: ReadablePool): Cell {
  const served = pool.servedNames.find((name) => name.port === port);
  if (isAlive === false) return { text: `${state}, thread has ended`, style: 'yellow' };
  if (served !== undefined) return served.isReady ? 'serves' : { text: 'starting', style: 'yellow' };
  return state === 'held' ? state : { text: state, style: state === 'sealed' ? 'red' : 'yellow' };
}

/** @param holderId who has the ports */
function describeListeners(listeners: readonly ProcessStatus[], holderId?: number): string {
  return [...new Set(listeners.map((listener) => describeListener(listener, holderId)))].join('; ');
}

function describeListener(listener: ProcessStatus, holderId: number | undefined): string {
  const { processId, command } = listener;
  if (processId !== undefined && processId === holderId) return 'itself';
  if (processId === undefined) return `a process of ${userOf(listener)}`;
  return command === undefined ? `pid ${processId}` : `${processId} ${command}`;
}

function formatOthers(others: readonly OtherLocks[], nowMs: number, space: StatusSpace): string[] {
  const rows = others.map(({ process, ports }) => [
    String(process.processId ?? NOT_KNOWN),
    userOf(process),
    ageOf(process, nowMs),
    joinRanges(rangesOfPorts(ports.map(({ port }) => port)))
      .map(formatPortRange)
      .join(', '),
    process.command ?? NOT_KNOWN,
    describeListeners(ports.flatMap(({ listeners }) => listeners)),
  ]);
  return [
    styled('bold', line('Ports that are locked by processes whose pool cannot be read', space.width)),
    ...indent(OTHER_COLUMNS, rows, space),
  ];
}

const INDENT = '  ';

function indent(columns: readonly Column[], rows: readonly Cell[][], space: StatusSpace): string[] {
  const { width, maxRows } = space;
  const shown = rows.slice(0, maxRows);
  const table = formatTable(columns, shown, width === undefined ? undefined : width - INDENT.length);
  return table.split('\n').map((row) => INDENT + row);
}

function line(text: string, width: number | undefined): string {
  return fit(text, width ?? MAX_LINE);
}
