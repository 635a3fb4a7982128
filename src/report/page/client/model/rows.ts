/** The rows of the table of tests: what each column shows and sorts by, and what the search looks at. */
import type { PortsReport, TestReport } from '../../../format.ts';
import { type Finding, findingsOf, longestWaitMs } from './findings.ts';

export type Column = 'test' | 'file' | 'project' | 'worker' | 'port' | 'waited' | 'held' | 'state' | 'ready';
export type Filter = Extract<Finding, 'leaked' | 'waited' | 'failed'>;

export interface Row {
  readonly test: TestReport;
  readonly findings: readonly Finding[];
  readonly waitedMs: number;
  /** Of all its ports together: from the first one got to the last one released. */
  readonly heldMs: number | undefined;
  readonly state: State;
  /** The slowest; undefined where there is no server, Infinity where one never was ready. */
  readonly readyAfterMs: number | undefined;
  readonly searched: string;
}

type State = 'leaked' | 'sealed' | 'unknown' | 'free' | 'none';
/** The worst first. */
const STATES: readonly State[] = ['leaked', 'sealed', 'unknown', 'free', 'none'];

/** Of a title, which may have 10,000 characters. */
const MOST_COMPARED = 200;
const MOST_WORKERS = 1e6;

export interface Sort {
  readonly column: Column;
  readonly descending: boolean;
}

export interface Choice {
  readonly search: string;
  readonly filters: ReadonlySet<Filter>;
  readonly machine: number | undefined;
  readonly sort: Sort | undefined;
}

export function rowsOf({ tests }: PortsReport): Row[] {
  return tests.map((test) => ({
    test,
    findings: findingsOf(test),
    waitedMs: longestWaitMs(test),
    heldMs: heldMs(test),
    state: stateOf(test),
    readyAfterMs: readyAfterMs(test),
    searched: searchedText(test),
  }));
}

/** Titles are shown and told with these between them: whoever copies one into the search should find it. */
const BETWEEN_WORDS = /[\s>\u203A]+/;

/** Each word of the search must be somewhere in the row, and one of the filters must fit. */
export function chooseRows(rows: readonly Row[], { search, filters, machine, sort }: Choice): Row[] {
  const words = search.toLowerCase().split(BETWEEN_WORDS).filter(Boolean);
  const chosen = rows.filter(
    ({ searched, findings, test }) =>
      (machine === undefined || test.machine === machine) &&
      (filters.size === 0 || findings.some((finding) => (filters as ReadonlySet<Finding>).has(finding))) &&
      words.every((word) => searched.includes(word)),
  );
  return sort === undefined ? chosen : sortRows(chosen, sort);
}

function sortRows(rows: Row[], { column, descending }: Sort): Row[] {
  const direction = descending ? -1 : 1;
  const keyOf = SORT_KEYS[column];
  const keyed = rows.map((row) => ({ row, key: keyOf(row) }));
  keyed.sort((a, b) => direction * compare(a.key, b.key));
  return keyed.map(({ row }) => row);
}

const SORT_KEYS: Readonly<Record<Column, (row: Row) => string | number>> = {
  test: ({ test }) => test.titles.join(' ').slice(0, MOST_COMPARED),
  file: ({ test }) => `${test.file}:${test.line ?? 0}`,
  project: ({ test }) => test.project,
  worker: ({ test }) => test.machine * MOST_WORKERS + test.worker,
  port: ({ test }) => test.ports[0]?.port ?? 0,
  waited: ({ waitedMs }) => waitedMs,
  held: (row) => row.heldMs ?? -1,
  state: ({ state }) => STATES.indexOf(state),
  ready: (row) => row.readyAfterMs ?? -1,
};

const inOrder = new Intl.Collator('en', { numeric: true });

function compare(a: string | number, b: string | number): number {
  if (typeof a === 'string' || typeof b === 'string') return inOrder.compare(String(a), String(b));
  return a === b ? 0 : a - b;
}

function heldMs({ ports }: TestReport): number | undefined {
  const ends = ports.map(({ releasedAtMs }) => releasedAtMs);
  if (ports.length === 0 || ends.includes(undefined)) return undefined;
  return Math.max(...(ends as number[])) - Math.min(...ports.map(({ acquiredAtMs }) => acquiredAtMs));
}

function stateOf({ ports }: TestReport): State {
  const states = ports.map(({ state }): State => state ?? 'unknown');
  return STATES.find((state) => states.includes(state)) ?? 'none';
}

function readyAfterMs({ servers }: TestReport): number | undefined {
  if (servers.length === 0) return undefined;
  return Math.max(...servers.map((server) => server.readyAfterMs ?? Infinity));
}

function searchedText({ titles, file, project, worker, ports, outcome }: TestReport): string {
  const words = [
    ...titles,
    file,
    project,
    outcome,
    `worker ${worker}`,
    ...ports.map(({ port }) => String(port)),
  ];
  return words.join('\n').toLowerCase();
}
