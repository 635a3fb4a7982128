/** Tables without lines, so that a person, `grep` and `awk` can read them: as wide as the terminal, in full where there is none. */
import Table from 'cli-table3';
import { type Style, styled } from './output.ts';
import { fit, widthOf } from './text-width.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** It is cut down to so many columns where the table is too wide; undefined: never. */
  readonly minWidth?: number;
}

/** Text of anybody: it is made harmless here. */
export type Cell = string | { readonly text: string; readonly style: Style };

/** Where no terminal says how wide it is. */
const MAX_CELL_WIDTH = 120;
const GAP = 2;
/** cli-table3 compares each row with all others. */
const ROWS_AT_ONCE = 50;

/**
 * Each row has a cell for each column. Columns in which every cell is empty are left out.
 * @param width of the terminal; undefined: no terminal reads it
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  width: number | undefined,
): string {
  const kept = columns.map((_, at) => at).filter((at) => rows.some((row) => textOf(row[at]) !== ''));
  const shown = kept.map((at) => columns[at] as Column);
  const cells = rows.map((row) => kept.map((at) => row[at] ?? ''));
  const widths = findWidths(shown, cells, width);
  const options = {
    colWidths: widths.map((each, at) => each + (at < widths.length - 1 ? GAP : 0)),
    colAligns: shown.map(({ align = 'left' }) => align),
    chars: NO_LINES,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
  };
  const draw = (at: number, text: string, style: Style | undefined): string => {
    const fitted = markIsolates(fit(text, widths[at] as number));
    const gap = at < widths.length - 1 && shown[at]?.align === 'right' ? ' '.repeat(GAP) : '';
    return (style === undefined ? fitted : styled(style, fitted)) + gap;
  };
  const drawn = [
    shown.map(({ title }, at) => draw(at, title, 'bold')),
    ...cells.map((row) =>
      row.map((cell, at) => draw(at, textOf(cell), typeof cell === 'string' ? undefined : cell.style)),
    ),
  ];
  const parts: string[] = [];
  for (let start = 0; start < drawn.length; start += ROWS_AT_ONCE) {
    const table = new Table(options);
    table.push(...drawn.slice(start, start + ROWS_AT_ONCE));
    parts.push(table.toString());
  }
  return unmarkIsolates(parts.join('\n')).replaceAll(/ +$/gm, '');
}

function textOf(cell: Cell | undefined): string {
  return typeof cell === 'object' ? cell.text : (cell ?? '');
}

/** As much as the widest cell needs. What is too much for the terminal is taken from the widest columns that may be cut. */
function findWidths(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  width: number | undefined,
): number[] {
  const widths = columns.map(({ title }, at) =>
    Math.max(widthOf(title), ...rows.map((row) => widthOf(fit(textOf(row[at]), width ?? MAX_CELL_WIDTH)))),
  );
  if (width === undefined) return widths;
  const room = width - GAP * (columns.length - 1);
  for (let excess = sum(widths) - room; excess > 0; excess--) {
    const spare = columns.map(({ minWidth }, at) =>
      minWidth === undefined ? 0 : (widths[at] as number) - minWidth,
    );
    const widest = widths.reduce(
      (best, each, at) =>
        (spare[at] as number) > 0 && (best === -1 || each > (widths[best] as number)) ? at : best,
      -1,
    );
    if (widest === -1) break;
    widths[widest] = (widths[widest] as number) - 1;
  }
  return widths;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

const LINES = [
  'top',
  'top-mid',
  'top-left',
  'top-right',
  'bottom',
  'bottom-mid',
  'bottom-left',
  'bottom-right',
  'left',
  'left-mid',
  'mid',
  'mid-mid',
  'right',
  'right-mid',
  'middle',
] as const;
const NO_LINES = Object.fromEntries(LINES.map((name) => [name, '']));

/** cli-table3 counts a column for each, which a terminal does not. These, of which nothing is left in a harmless text, it does not count. */
const MARKS: readonly (readonly [isolate: string, mark: string])[] = [
  ['\u2068', '\u0001'],
  ['\u2069', '\u0002'],
];

function markIsolates(text: string): string {
  return MARKS.reduce((marked, [isolate, mark]) => marked.replaceAll(isolate, mark), text);
}

function unmarkIsolates(text: string): string {
  return MARKS.reduce((unmarked, [isolate, mark]) => unmarked.replaceAll(mark, isolate), text);
}
