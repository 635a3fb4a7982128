/** Every test that used ports, in a table that can be searched, filtered and sorted. */
import { useMemo } from 'preact/hooks';
import type { PortsReport } from '../../../../format.ts';
import { chooseRows, type Choice, type Column, type Filter, type Row } from '../../model/rows.ts';
import { formatCount, plural } from '../../text/format.ts';
import { shortMachineName } from '../../text/machine.ts';
import { COLUMNS } from './columns.tsx';
import { TestsTable } from './tests-table.tsx';

const FILTERS: readonly Filter[] = ['leaked', 'waited', 'failed'];

interface TestsSectionProps {
  readonly report: PortsReport;
  readonly rows: readonly Row[];
  readonly choice: Choice;
  readonly onChoice: (change: (old: Choice) => Choice) => void;
  readonly selectedId: string | undefined;
  readonly isPrinted: boolean;
}

export function TestsSection(props: TestsSectionProps) {
  const { report, rows, choice, onChoice } = props;
  const chosen = useMemo(() => chooseRows(rows, choice), [rows, choice]);
  const counts = useMemo(() => new Map(FILTERS.map((filter) => [filter, countOf(rows, filter)])), [rows]);
  return (
    <section aria-labelledby="tests-heading" class="tests">
      <div class="section-head">
        <h2 id="tests-heading">Tests</h2>
        <search class="tools">
          <input
            type="search"
            aria-label="Search tests, files, projects and ports"
            placeholder="Search tests, files, ports"
            value={choice.search}
            aria-controls="tests-table"
            onInput={({ currentTarget: { value } }) => onChoice((old) => ({ ...old, search: value }))}
          />
          <div role="group" aria-label="Only tests that" class="filters">
            {FILTERS.map((filter) => (
              <button
                key={filter}
                type="button"
                aria-pressed={choice.filters.has(filter)}
                onClick={() => onChoice((old) => ({ ...old, filters: toggled(old.filters, filter) }))}
              >
                {filter} <span class="count">{formatCount(counts.get(filter) ?? 0)}</span>
              </button>
            ))}
          </div>
          {report.machines.length > 1 && <MachineChoice {...props} />}
        </search>
        <p class="results" role="status">
          {chosen.length === rows.length
            ? plural(rows.length, 'test')
            : `${formatCount(chosen.length)} of ${plural(rows.length, 'test')}`}
        </p>
      </div>
      <p id="tests-help" class="unseen">
        Arrow up and down, Page up and down, Home and End go from test to test, Enter chooses one.
      </p>
      <TestsTable
        {...props}
        rows={chosen}
        sort={choice.sort}
        onSort={(column) => onChoice((old) => ({ ...old, sort: nextSort(old.sort, column) }))}
      />
    </section>
  );
}

function MachineChoice({ report, choice, onChoice }: TestsSectionProps) {
  return (
    <select
      aria-label="Machine"
      value={choice.machine === undefined ? '' : String(choice.machine)}
      onChange={({ currentTarget: { value } }) =>
        onChoice((old) => ({ ...old, machine: value === '' ? undefined : Number(value) }))
      }
    >
      <option value="">All machines</option>
      {report.machines.map((_, index) => (
        <option key={index} value={String(index)}>
          {shortMachineName(report, index)}
        </option>
      ))}
    </select>
  );
}

function countOf(rows: readonly Row[], filter: Filter): number {
  return rows.filter(({ findings }) => findings.includes(filter)).length;
}

function toggled(filters: ReadonlySet<Filter>, filter: Filter): ReadonlySet<Filter> {
  return new Set(FILTERS.filter((one) => (one === filter) !== filters.has(one)));
}

/** The way that is wanted first, then the other one, then as in the report. */
function nextSort(old: Choice['sort'], column: Column): Choice['sort'] {
  const isNumber = COLUMNS.find((one) => one.column === column)?.isNumber ?? false;
  const firstDescending = isNumber && column !== 'worker' && column !== 'port';
  if (old?.column !== column) return { column, descending: firstDescending };
  return old.descending === firstDescending ? { column, descending: !firstDescending } : undefined;
}
