/** The report of a project's run: read as the schema says it is. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { PortsReport, TestReport } from '../../src/report/format.ts';
import { findSchemaProblem } from '../../test/support/check-schema.ts';
import { expect, type Project } from './project.ts';

export interface ReadReport extends PortsReport {
  /** The attempts of the test whose last title is that. */
  attempts(title: string): TestReport[];
  /** Of the only attempt. */
  attempt(title: string): TestReport;
}

export function readPortsReport({ dir }: Project, folder = 'ports-report'): ReadReport {
  const text = readFileSync(path.join(dir, folder, 'ports.json'), 'utf8');
  const report = JSON.parse(text) as PortsReport;
  expect(findSchemaProblem('ports-report.schema.json', report)).toBeUndefined();
  expect(readFileSync(path.join(dir, folder, 'index.html'), 'utf8')).toContain('<title>Ports report</title>');
  const attempts = (title: string): TestReport[] =>
    report.tests.filter(({ titles }) => titles.at(-1) === title);
  return {
    ...report,
    attempts,
    attempt: (title) => {
      const found = attempts(title);
      expect(found, title).toHaveLength(1);
      return found[0] as TestReport;
    },
  };
}

/** What the run ends with. */
export function reportLines(output: string): string[] {
  return output.split('\n').filter((line) => line.startsWith('portslice: '));
}

/** Names that a careless reader falls over. */
export const HOSTILE_TITLE =
  '\u001b[31m</script><img src=x onerror=alert(1)>\u202Eabc ::error::x, %0A \r\n::warning::';
