/** What the benchmarks have in common: simple statistics and how they are printed. */
import { execFileSync } from 'node:child_process';
import os from 'node:os';

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** @param sorted ascending. @param share 0.5 is the median */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
}

export function formatMs(durationMs: number): string {
  return `${durationMs.toFixed(durationMs < 10 ? 3 : 1)} ms`;
}

/** The facts without which a measurement means little. */
export function printMachine(): void {
  const load = os.loadavg().map((value) => value.toFixed(2));
  console.log(
    `${os.availableParallelism()} cores (${os.cpus()[0]?.model}), ${os.type()} ${os.release()}, Node ${process.versions.node}, ` +
      `load before the start ${load[0]}, ${new Date().toISOString().slice(0, 10)}, commit ${commit()}\n`,
  );
}

function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

/** In Markdown. */
export function printTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  for (const row of [header, header.map(() => '---'), ...rows]) console.log(`| ${row.join(' | ')} |`);
}
