export { default } from './plugin/vitest/reporter.ts';
export type { PortsReport } from './report/format.ts';
export type { ReportOptions } from './report/report-options.ts';
