import { describe, expect, it } from 'vitest';
import { compare, type Question, perPiece, takeTurns } from '../../bench/pairs.ts';
import { comparisonBars, comparisonTable, formatTable } from '../../bench/report.ts';
import { timeProcess, type Usage } from '../../bench/usage.ts';
import { cleanEnvironment } from '../support/environment.ts';

const usages = (...valuesMs: number[]): Usage[] => valuesMs.map((ms) => ({ cpuMs: ms, wallMs: 2 * ms }));
const RATIO: Question = { subject: 'ours', base: 'theirs', unit: 'ms', by: 'ratio', atMost: 1.5 };

describe('A comparison', () => {
  it('is the median of what the pairs give, not what the medians give', () => {
    const { cpu, pairs } = compare(RATIO, usages(10, 40, 150), usages(10, 20, 30));
    expect(pairs).toBe(3);
    expect(cpu).toEqual({ subject: 40, base: 20, quartiles: [1.5, 2, 3.5] });
  });

  it('compares the wall time for itself', () => {
    const { wall } = compare({ ...RATIO, by: 'difference' }, usages(10, 40), usages(10, 20));
    expect(wall).toEqual({ subject: 50, base: 30, quartiles: [10, 20, 30] });
  });

  it('says by how much its bar is missed', () => {
    const bars = comparisonBars([
      compare(RATIO, usages(2, 2), usages(1, 1)),
      compare({ ...RATIO, atMost: 2 }, usages(2, 2), usages(1, 1)),
    ]);
    expect(bars.map(({ missedBy }) => missedBy)).toEqual(['0.50 times', undefined]);
  });

  it('shows CPU and wall time of both in one row', () => {
    const { rows } = comparisonTable([compare({ ...RATIO, unit: 'us' }, usages(0.002), usages(0.001))]);
    const compared = '2.00 times (2 to 2)';
    expect(rows).toEqual([['ours', 'theirs', '1', '2 us', '1 us', compared, '4 us', '2 us', compared]]);
  });

  it('can take a base from both sides, and divide what is left', () => {
    expect(perPiece(usages(30, 50), usages(10, 10), 10)).toEqual(usages(2, 4));
  });
});

describe('Subjects that take turns', () => {
  it('are measured once in every round, every second one reversed, after a round of warm-up', async () => {
    const order: string[] = [];
    const subject = (name: string) => () => ({ cpuMs: order.push(name), wallMs: 0 });
    const measured = await takeTurns(2, { a: subject('a'), b: subject('b') });
    expect(order.join('')).toBe('baabba');
    expect(measured.a.map(({ cpuMs }) => cpuMs)).toEqual([3, 6]);
  });
});

describe('The usage of a process', () => {
  it('has the CPU time of the processes that it started and waited for', () => {
    const burn = 'while (process.cpuUsage().user < 300_000);';
    const code = `require('node:child_process').execFileSync(process.execPath, ['-e', '${burn}'])`;
    const { cpuMs } = timeProcess({ args: [process.execPath, '-e', code], env: cleanEnvironment() });
    expect(cpuMs).toBeGreaterThan(300);
  });

  it('is none where the process fails', () => {
    const args = [process.execPath, '-e', 'console.log("a reason"); process.exit(3)'] as const;
    expect(() => timeProcess({ args, env: cleanEnvironment() })).toThrow(/ended with 3:\na reason/);
  });
});

describe('A table', () => {
  it('keeps what a cell contains in that cell', () => {
    const table = formatTable({ header: ['a'], rows: [['x | y\nz']] });
    expect(table).toBe('| a |\n| --- |\n| x \\| y z |');
  });
});
