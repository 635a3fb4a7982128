import { describe, expect, it } from 'vitest';
import type { Machine } from '../../bench/machine.ts';
import { formatReport, formatTable } from '../../bench/markdown.ts';
import type { Section } from '../../bench/section.ts';

const MACHINE: Machine = {
  cores: 2,
  processor: 'A processor',
  memoryGiB: 4,
  system: 'Linux 6.18 x64',
  load: 0.25,
  date: '2026-11-22',
  commit: 'abc1234',
  versions: { Node: '22.1.0, 26.10.0', 'get-port': '7.2.0' },
};

const SECTION: Section = {
  title: 'A claim',
  method: 'How it was measured.',
  command: 'npm run bench:claims',
  tables: [{ header: ['allocator', 'mean'], rows: [['portslice', '3 us']] }],
  charts: [{ name: 'claim', title: 'Time of a claim', unit: 'us', bars: [] }],
  requirements: [
    { what: 'a claim', wanted: 'at most 5 us', measured: '3 us', isMet: true },
    { what: 'a release', wanted: 'at most 5 us', measured: '6 us', isMet: false },
  ],
};

describe('The report', () => {
  const report = formatReport(MACHINE, [SECTION], 'benchmarks');

  it('says which requirements are met and which are not', () => {
    expect(report).toContain('| a claim | at most 5 us | 3 us | yes |');
    expect(report).toContain('| a release | at most 5 us | 6 us | **no** |');
  });

  it('has each section with its method, its command, its tables and its charts', () => {
    const [, section = ''] = report.split('## A claim');
    expect(section).toContain('How it was measured.');
    expect(section).toContain('`npm run bench:claims`');
    expect(section).toContain('| allocator | mean |\n| --- | --- |\n| portslice | 3 us |');
    expect(section).toContain('![Time of a claim](benchmarks/claim.svg)');
  });

  it('says on which machine, with which versions and at which commit it was measured', () => {
    for (const fact of ['2 cores', 'A processor', '4.0 GiB', '0.25', 'abc1234', 'Node 22.1.0, 26.10.0'])
      expect(report).toContain(fact);
  });
});

describe('A table', () => {
  it('keeps what a cell contains in that cell', () => {
    const table = formatTable({ header: ['a'], rows: [['x | y\nz']] });
    expect(table).toBe('| a |\n| --- |\n| x \\| y z |');
  });
});
