/** The report in Markdown. Pure: what was measured comes in, text goes out. */
import type { Compared, Comparison } from './pairs.ts';

export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What was asked for, and what was measured. */
export interface Bar {
  readonly what: string;
  readonly wanted: string;
  readonly measured: string;
  /** By how much it is not met; undefined if it is. */
  readonly missedBy: string | undefined;
}

/** What one part of the benchmark hands over. */
export interface Section {
  readonly title: string;
  /** What was done, and how to read it, in Markdown. */
  readonly method: string;
  readonly tables: readonly Table[];
  readonly bars: readonly Bar[];
}

export function formatReport(machine: string, sections: ReadonlyMap<string, Section>): string {
  return `${[
    '# Benchmarks',
    'Written by `npm run bench`, which measures everything anew; each part has a command of its own. Run it on a machine that does nothing else: the load below tells whether that was so.',
    machine,
    'Processes are measured in pairs that take turns, so that what disturbs the machine disturbs both. *CPU* is user plus system time of a process and of all that it started, ' +
      '*wall* the time that passed; both are medians. *Compared* is the median of what each pair gives, the difference or the ratio, with the quarters in brackets ' +
      'between which half of the pairs lie. Bars are set for CPU time, unless they say otherwise.',
    '## What was asked for',
    formatBars([...sections.values()].flatMap(({ bars }) => bars)),
    ...[...sections].flatMap(([name, section]) => formatSection(name, section)),
  ].join('\n\n')}\n`;
}

/** In paragraphs. */
export function formatSection(name: string, { title, method, tables }: Section): string[] {
  return [`## ${title}`, method, `Command: \`npm run bench:${name}\``, ...tables.map(formatTable)];
}

export function formatBars(bars: readonly Bar[]): string {
  return formatTable({
    header: ['what', 'wanted', 'measured', 'met'],
    rows: bars.map(({ what, wanted, measured, missedBy }) => [
      what,
      wanted,
      measured,
      missedBy === undefined ? 'yes' : `**no**, by ${missedBy}`,
    ]),
  });
}

export function formatTable({ header, rows }: Table): string {
  const lines = [header, header.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.map(escapeCell).join(' | ')} |`).join('\n');
}

export function comparisonTable(comparisons: readonly Comparison[]): Table {
  return {
    header: ['what', 'beside', 'pairs', 'CPU', 'beside', 'compared', 'wall', 'beside', 'compared'],
    rows: comparisons.map((one) => [
      one.subject,
      one.base,
      String(one.pairs),
      ...figures(one, one.cpu),
      ...figures(one, one.wall),
    ]),
  };
}

function figures(one: Comparison, { subject, base, quartiles }: Compared): string[] {
  return [
    `${formatNumber(subject)} ${one.unit}`,
    `${formatNumber(base)} ${one.unit}`,
    `${formatCompared(one, quartiles[1])} (${formatNumber(quartiles[0])} to ${formatNumber(quartiles[2])})`,
  ];
}

export function comparisonBars(comparisons: readonly Comparison[]): Bar[] {
  return comparisons.flatMap((one) => {
    if (one.atMost === undefined) return [];
    const measured = one.cpu.quartiles[1];
    return {
      what: `${one.subject}, beside ${one.base}`,
      wanted: `at most ${formatCompared(one, one.atMost)}`,
      measured: formatCompared(one, measured),
      missedBy: measured <= one.atMost ? undefined : formatCompared(one, measured - one.atMost),
    };
  });
}

export function formatNumber(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

function formatCompared({ by, unit }: Comparison, value: number): string {
  return by === 'ratio' ? `${value.toFixed(2)} times` : `${formatNumber(value)} ${unit}`;
}

function escapeCell(text: string): string {
  return text.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ');
}
