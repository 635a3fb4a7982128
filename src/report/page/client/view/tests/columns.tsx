/** The columns of the table of tests. */
import type { ComponentChildren } from 'preact';
import type { PortsReport } from '../../../../format.ts';
import { hashOf } from '../../hooks/use-selected-test.ts';
import type { Column, Row } from '../../model/rows.ts';
import { formatDuration } from '../../text/format.ts';
import { shortMachineName } from '../../text/machine.ts';
import { placeOf, titleOf, visible } from '../../text/visible.ts';
import { Badge } from '../badge.tsx';
import { Outcome } from '../outcome.tsx';

export interface ColumnView {
  readonly column: Column;
  readonly title: string;
  /** Right-aligned, and sorted the largest first. */
  readonly isNumber: boolean;
  readonly cell: (row: Row, report: PortsReport) => ComponentChildren;
}

const NONE = <span class="none">&ndash;</span>;
const FEW_PORTS = 2;

export const COLUMNS: readonly ColumnView[] = [
  { column: 'test', title: 'Test', isNumber: false, cell: testCell },
  {
    column: 'file',
    title: 'File',
    isNumber: false,
    cell: ({ test }) => <bdi>{visible(placeOf(test.file, test.line), 160)}</bdi>,
  },
  {
    column: 'project',
    title: 'Project',
    isNumber: false,
    cell: ({ test }) => (test.project === '' ? NONE : <bdi>{visible(test.project, 60)}</bdi>),
  },
  { column: 'worker', title: 'Worker', isNumber: true, cell: workerCell },
  { column: 'port', title: 'Port', isNumber: true, cell: portCell },
  {
    column: 'waited',
    title: 'Waited',
    isNumber: true,
    cell: (row) => (row.waitedMs > 0 ? formatDuration(row.waitedMs) : NONE),
  },
  {
    column: 'held',
    title: 'Held for',
    isNumber: true,
    cell: ({ heldMs }) => (heldMs === undefined ? NONE : formatDuration(heldMs)),
  },
  { column: 'ready', title: 'Server ready', isNumber: true, cell: readyCell },
  { column: 'state', title: 'State', isNumber: false, cell: stateCell },
];

function testCell({ test }: Row): ComponentChildren {
  return (
    <>
      <Outcome test={test} />
      <bdi>{titleOf(test.titles)}</bdi>
      {test.retry > 0 && <span class="note"> retry {test.retry}</span>}
    </>
  );
}

function workerCell({ test }: Row, report: PortsReport): ComponentChildren {
  if (report.machines.length === 1) return test.worker;
  // In a narrow column the word says nothing new.
  return `${shortMachineName(report, test.machine).replace('Shard ', '')} \u00B7 ${test.worker}`;
}

function portCell({ test }: Row): ComponentChildren {
  const ports = test.ports.map(({ port }) => port);
  if (ports.length === 0) return NONE;
  const more = ports.length - FEW_PORTS;
  return `${ports.slice(0, FEW_PORTS).join(', ')}${more > 0 ? ` +${more}` : ''}`;
}

function readyCell({ readyAfterMs }: Row): ComponentChildren {
  if (readyAfterMs === undefined) return NONE;
  return readyAfterMs === Infinity ? (
    <Badge finding="server not ready" text="never" />
  ) : (
    formatDuration(readyAfterMs)
  );
}

function stateCell({ state }: Row): ComponentChildren {
  if (state === 'leaked' || state === 'sealed') return <Badge finding={state} />;
  if (state === 'none') return NONE;
  return state === 'unknown' ? 'not known' : state;
}

export function linkOf({ test }: Row): string {
  return hashOf(test.id);
}
