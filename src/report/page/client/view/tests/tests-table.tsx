/** A table of which only the rows in view are elements. One of its rows can be tabbed to, the arrow keys go to the others. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { PortsReport } from '../../../../format.ts';
import { useSize } from '../../hooks/use-size.ts';
import type { Column, Row, Sort } from '../../model/rows.ts';
import { COLUMNS, linkOf } from './columns.tsx';

const ROW_PX = 30;
/** Rows come and go by so many at once: in between, scrolling is the browser's alone. */
const BLOCK_ROWS = 16;
/** Above and below what is visible. */
const SPARE_ROWS = 16;
const PRINTED_ROWS = 200;

interface TestsTableProps {
  readonly report: PortsReport;
  readonly rows: readonly Row[];
  readonly sort: Sort | undefined;
  readonly onSort: (column: Column) => void;
  readonly selectedId: string | undefined;
  readonly isPrinted: boolean;
}

export function TestsTable(props: TestsTableProps) {
  const { rows, selectedId, isPrinted } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const { heightPx } = useSize(scroller);
  const [block, setBlock] = useState(0);
  const [focused, setFocused] = useState(0);
  const wantsFocus = useRef(false);
  const first = isPrinted ? 0 : Math.max(block * BLOCK_ROWS - SPARE_ROWS, 0);
  const last = isPrinted
    ? PRINTED_ROWS
    : (block + 1) * BLOCK_ROWS + Math.ceil(heightPx / ROW_PX) + SPARE_ROWS;
  const shown = rows.slice(first, last);
  const tabStop = Math.min(focused, rows.length - 1);

  useLayoutEffect(() => {
    if (scroller.current !== null) scroller.current.scrollTop = 0;
    setFocused(0);
  }, [rows]);
  useEffect(() => {
    const index = rows.findIndex(({ test }) => test.id === selectedId);
    if (index === -1) return;
    setFocused(index);
    scrollToRow(scroller.current, index);
    // Not whenever other rows are shown: then one wants to see those.
  }, [selectedId]);
  useEffect(() => {
    if (!wantsFocus.current) return;
    const link = scroller.current?.querySelector<HTMLElement>(`a[data-index="${tabStop}"]`);
    if (!link) return;
    wantsFocus.current = false;
    link.focus();
  });

  const onKeyDown = (event: KeyboardEvent): void => {
    const page = Math.max(Math.floor(heightPx / ROW_PX) - 2, 1);
    const next = nextRow(event, tabStop, page, rows.length);
    if (next === undefined) return;
    event.preventDefault();
    wantsFocus.current = true;
    scrollToRow(scroller.current, next);
    setFocused(next);
    setBlock(blockOf(scroller.current));
  };

  return (
    <div class="table-scroller" ref={scroller} onScroll={() => setBlock(blockOf(scroller.current))}>
      <table
        id="tests-table"
        aria-labelledby="tests-heading"
        aria-describedby="tests-help"
        aria-rowcount={rows.length + 1}
      >
        <TableHead {...props} />
        <tbody onKeyDown={onKeyDown}>
          <Spacer rowCount={first} />
          {shown.map((row, index) => (
            <TableRow
              key={row.test.id}
              row={row}
              index={first + index}
              report={props.report}
              isSelected={row.test.id === selectedId}
              isTabStop={first + index === tabStop || (index === 0 && (tabStop < first || tabStop >= last))}
              onFocus={setFocused}
            />
          ))}
          {!isPrinted && <Spacer rowCount={rows.length - first - shown.length} />}
        </tbody>
      </table>
      {rows.length === 0 && <p class="calm">No test fits.</p>}
      {isPrinted && rows.length > PRINTED_ROWS && (
        <p>
          The first {PRINTED_ROWS} of {rows.length} tests.
        </p>
      )}
    </div>
  );
}

function TableHead({ sort, onSort }: TestsTableProps) {
  return (
    <thead>
      <tr aria-rowindex={1}>
        {COLUMNS.map(({ column, title, isNumber }) => {
          const direction =
            sort?.column === column ? (sort.descending ? 'descending' : 'ascending') : undefined;
          return (
            <th
              key={column}
              scope="col"
              class={`column-${column}${isNumber ? ' number' : ''}`}
              aria-sort={direction ?? 'none'}
            >
              <button type="button" onClick={() => onSort(column)}>
                {title}
                <span class="arrow" aria-hidden="true">
                  {direction === undefined ? '' : direction === 'ascending' ? '\u25B2' : '\u25BC'}
                </span>
              </button>
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

interface TableRowProps {
  readonly row: Row;
  readonly index: number;
  readonly report: PortsReport;
  readonly isSelected: boolean;
  readonly isTabStop: boolean;
  readonly onFocus: (index: number) => void;
}

function TableRow({ row, index, report, isSelected, isTabStop, onFocus }: TableRowProps) {
  return (
    <tr aria-rowindex={index + 2} class={isSelected ? 'selected' : undefined} data-state={row.state}>
      {COLUMNS.map(({ column, isNumber, cell }) => (
        <td key={column} class={`column-${column}${isNumber ? ' number' : ''}`}>
          {column === 'test' ? (
            <a
              href={linkOf(row)}
              data-index={index}
              tabIndex={isTabStop ? 0 : -1}
              aria-current={isSelected ? 'true' : undefined}
              onFocus={() => onFocus(index)}
            >
              {cell(row, report)}
            </a>
          ) : (
            cell(row, report)
          )}
        </td>
      ))}
    </tr>
  );
}

/** In the place of the rows that are no elements. */
function Spacer({ rowCount }: { readonly rowCount: number }) {
  if (rowCount <= 0) return null;
  return (
    <tr aria-hidden="true" class="spacer">
      <td style={{ height: `${rowCount * ROW_PX}px` }} />
    </tr>
  );
}

function nextRow({ key }: KeyboardEvent, from: number, page: number, count: number): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: page,
    PageUp: -page,
    Home: -Infinity,
    End: Infinity,
  };
  const step = steps[key];
  return step === undefined ? undefined : Math.min(Math.max(from + step, 0), count - 1);
}

function blockOf(scroller: HTMLElement | null): number {
  return Math.floor((scroller?.scrollTop ?? 0) / ROW_PX / BLOCK_ROWS);
}

function scrollToRow(scroller: HTMLElement | null, index: number): void {
  if (scroller === null) return;
  const headPx = scroller.querySelector('thead')?.clientHeight ?? 0;
  const [topPx, visiblePx] = [index * ROW_PX, scroller.clientHeight - headPx];
  if (topPx < scroller.scrollTop) scroller.scrollTop = topPx;
  else if (topPx + ROW_PX > scroller.scrollTop + visiblePx)
    scroller.scrollTop = topPx + ROW_PX - visiblePx + 1;
}
