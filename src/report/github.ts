/** What GitHub Actions shows of a run: warnings at the tests, and the summary of the job. */
import { countText, numberText } from '../core/count-text.ts';
import { harmless } from '../errors/index.ts';
import { readVariable } from '../platform/environment.ts';
import { fileSystem } from '../platform/file-system.ts';
import type { Collected } from './collect.ts';
import type { PortsReport, TestReport } from './format.ts';
import { describeLeak, findLeaks, titleOf } from './leaks.ts';
import { durationText } from './summary-lines.ts';

/** GitHub shows so many warnings of a step. */
const SHOWN_WARNINGS = 10;
const SHOWN_LEAKS = 50;
const MESSAGE_LENGTH = 4_000;
/** Of all that a step adds to the summary of its job. */
const MAX_SUMMARY_BYTES = 1024 * 1024;

/** The lines that GitHub reads from what a step prints; none elsewhere. */
export function gitHubWarnings(collected: Collected, { root }: { readonly root: string }): string[] {
  if (!isOnGitHub()) return [];
  const warnings = warningsOf(collected, root);
  const shown = warnings.length > SHOWN_WARNINGS ? warnings.slice(0, SHOWN_WARNINGS - 1) : warnings;
  const left = warnings.length - shown.length;
  return left === 0
    ? shown
    : [...shown, warning({}, `${left} more warnings of portslice are in its report.`)];
}

/** Adds the ports to the summary of the job, on GitHub. */
export function addToJobSummary({ report }: Collected): void {
  const summary = readVariable('GITHUB_STEP_SUMMARY');
  if (isOnGitHub() && summary !== undefined) appendSummary(summary, jobSummary(report));
}

function isOnGitHub(): boolean {
  return readVariable('GITHUB_ACTIONS') === 'true';
}

function warningsOf({ report, exhausted }: Collected, root: string): string[] {
  const leaks = findLeaks(report).map((leak) =>
    warning(placeOf(leak.test, root, 'Server left behind'), `Something still listens: ${describeLeak(leak)}`),
  );
  return [
    ...exhausted.map(({ test, message }) =>
      warning(placeOf(test, root, 'No free port'), message.slice(0, MESSAGE_LENGTH)),
    ),
    ...leaks,
  ];
}

interface Place {
  readonly title?: string;
  readonly file?: string;
  readonly line?: number;
}

/** A path below the checkout is what GitHub finds. */
function placeOf(test: TestReport | undefined, root: string, title: string): Place {
  if (test === undefined) return { title };
  const { relative, resolve, sep } = process.getBuiltinModule('node:path');
  const checkout = readVariable('GITHUB_WORKSPACE') ?? process.cwd();
  const inside = relative(checkout, resolve(root, test.file)).replaceAll(sep, '/');
  const file = inside.startsWith('../') ? test.file : inside;
  return { title, file, ...(test.line === undefined ? {} : { line: test.line }) };
}

function warning(place: Place, message: string): string {
  const properties = Object.entries(place).map(([name, value]) => `${name}=${escapeProperty(String(value))}`);
  return `::warning ${properties.join(',')}::${escapeData(message)}`.replace('::warning ::', '::warning::');
}

/** As the runner of GitHub Actions reads it. */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** One that is too long is refused as a whole, with what others have added in the step. */
function appendSummary(file: string, text: string): void {
  const { appendFileSync, existsSync, statSync } = fileSystem();
  const size = existsSync(file) ? statSync(file).size : 0;
  if (size + Buffer.byteLength(text) <= MAX_SUMMARY_BYTES) appendFileSync(file, text);
  else
    throw new RangeError(
      `the summary of the job has ${size} bytes, and there is no room for that of the ports`,
    );
}

function jobSummary(report: PortsReport): string {
  const { summary, machines } = report;
  const { peak, waits, servers } = summary;
  const slowest = servers.slowestReadyMs;
  const rows: readonly (readonly [string, string])[] = [
    ['Machines', String(machines.length)],
    ['Ports in the pool', numberText(summary.poolPortCount)],
    ['Handed out', numberText(summary.handedOut)],
    ['Most at once', peak === undefined ? '0' : `${peak.portCount} (worker ${peak.worker})`],
    ['Waits', waits.count === 0 ? '0' : `${waits.count}, the longest ${durationText(waits.longestMs)}`],
    ['Borrowed', numberText(summary.borrowed)],
    ['Servers', `${servers.count}, ${servers.failed} never ready`],
    ['Slowest start', slowest === undefined ? '' : durationText(slowest)],
    ['Servers left behind', numberText(summary.leaks)],
  ];
  const table = rows.map(([name, value]) => `| ${name} | ${value} |`).join('\n');
  return `### Ports\n\n| | |\n| --- | --- |\n${table}\n${leakList(report)}${waitList(report)}\n`;
}

function leakList(report: PortsReport): string {
  const leaks = findLeaks(report);
  if (leaks.length === 0) return '';
  return list(
    `${countText(leaks.length, 'server')} left behind`,
    leaks.map((leak) => describeLeak(leak)),
  );
}

function waitList({ tests }: PortsReport): string {
  const waited = tests
    .map((test) => [titleOf(test), Math.max(0, ...test.ports.map(({ waitedMs }) => waitedMs))] as const)
    .filter(([, waitedMs]) => waitedMs > 0)
    .toSorted(([, one], [, other]) => other - one);
  if (waited.length === 0) return '';
  const lines = waited.map(([title, waitedMs]) => `${durationText(waitedMs)}: ${title}`);
  return list(`${countText(waited.length, 'test')} waited for a port`, lines);
}

const LINE_LENGTH = 500;

/** Titles of tests are neither Markdown nor HTML. */
function list(title: string, lines: readonly string[]): string {
  const shown = lines
    .slice(0, SHOWN_LEAKS)
    .map((line) => `<li>${escapeHTML(harmless(line, LINE_LENGTH))}</li>`);
  const more = lines.length > SHOWN_LEAKS ? `<li>and ${lines.length - SHOWN_LEAKS} more</li>` : '';
  return `\n<details><summary>${title}</summary><ul>${shown.join('')}${more}</ul></details>\n`;
}

function escapeHTML(text: string): string {
  return (
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      // In a block of HTML, GitHub reads no Markdown; a line of its own would end the block.
      .replaceAll('`', '&#96;')
  );
}
