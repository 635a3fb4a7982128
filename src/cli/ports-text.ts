/** The server ports of this machine, for people. */
import { formatPortRange, type PortRange } from '../core/port-range.ts';
import { harmless } from '../errors/index.ts';
import type { LeftOutPorts, LeftOutReason, ServerPortsReport } from '../report/port/server-ports-report.ts';
import { styled } from './output.ts';

/** Lines without line breaks. */
export function formatServerPorts(report: ServerPortsReport): string[] {
  const { source, portCount, ranges, ephemeralRange, warning, leftOut } = report;
  const from = source === undefined ? 'what the operating system leaves' : harmless(source);
  const texts = leftOut.map(describeLeftOut);
  const counts = [portCount, ...leftOut.map((each) => each.portCount)].map(String);
  const width = Math.max(...counts.map(({ length }) => length));
  return [
    `${styled('bold', `${portCount} server ports`)}, which tests may be given: ${from}`,
    `  ${formatRanges(ranges)}`,
    '',
    `Ephemeral range, from which clients get their ports: ${ephemeralRange === undefined ? 'not known' : formatPortRange(ephemeralRange)}`,
    ...(warning === undefined ? [] : ['', styled('yellow', warning)]),
    '',
    'Left out:',
    ...leftOut.map(
      (each, at) =>
        `  ${String(each.portCount).padStart(width)}  ${texts[at] ?? ''}: ${formatRanges(each.ranges)}`,
    ),
  ];
}

function formatRanges(ranges: readonly PortRange[]): string {
  return ranges.map(formatPortRange).join(', ');
}

const REASONS: Readonly<Record<LeftOutReason, string>> = {
  spec: 'not named by',
  privileged: 'need privileges',
  ephemeral: 'in the ephemeral range',
  browsers: 'refused by browsers and fetch',
  system: 'excluded by the operating system',
  user: 'excluded by',
  unregistered: 'above 49151',
};

function describeLeftOut({ reason, source }: LeftOutPorts): string {
  return source === undefined ? REASONS[reason] : `${REASONS[reason]} ${harmless(source)}`;
}
