/** What the benchmarks have in common: simple statistics, and the print of one part. */
import { formatMachine, readMachine } from './machine.ts';
import { formatRequirements, formatSection, formatTable } from './markdown.ts';
import type { Section } from './section.ts';

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** @param sorted ascending. @param share 0.5 is the median */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
}

/** Of values in any order. */
export function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

/** What `values` are above `base`, round by round: what disturbed both rounds alike cancels out. */
export function differences(values: readonly number[], base: readonly number[]): number[] {
  return values.map((value, round) => value - (base[round] as number));
}

export function formatMs(durationMs: number): string {
  return `${durationMs.toFixed(Math.abs(durationMs) < 10 ? 3 : 1)} ms`;
}

/** With two digits, where differences of noisy times deserve no more. */
export function formatRoughMs(durationMs: number): string {
  return `${durationMs.toFixed(Math.abs(durationMs) < 1 ? 2 : 1)} ms`;
}

/** Measures one part, and prints it as the report shows it. */
export async function printSection(measure: () => Promise<Section>): Promise<void> {
  const machine = readMachine();
  const section = await measure();
  const charts = section.charts.map(({ title, unit, bars }) =>
    formatTable({
      header: [title, unit],
      rows: bars.map(({ label, value }) => [label, String(Number(value.toPrecision(3)))]),
    }),
  );
  console.log(
    [
      `# ${section.title}`,
      formatMachine(machine),
      ...formatSection(section),
      ...charts,
      ...(section.requirements.length > 0 ? [formatRequirements([section])] : []),
    ].join('\n\n'),
  );
}
