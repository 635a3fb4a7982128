/**
 * Where everybody stands when a test is about to run out of time: for this process and all that descend from it, in
 * whatever namespace, what /proc tells of each of their threads, what Node writes into a diagnostic report, and the
 * records of the pools that they have open. Collected from outside: whoever hangs need not help.
 */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stateNameOf } from '../../src/core/port-state.ts';
import { copyTables, findSegmentProblem } from '../../src/core/segment-format.ts';
import { HeaderWord, RecordWord } from '../../src/core/segment-layout.ts';
import { Segment } from '../../src/core/segment.ts';
import { REPORT_SIGNAL, reportFolder } from './live-process.ts';

/** A process whose event loop runs has long written its report by then. */
const REPORT_WITHIN_MS = 2_000;

export async function describeEverybody(): Promise<string> {
  const family = familyOf(process.pid);
  const reports = await collectReports(family);
  return [
    `== ${new Date().toISOString()}: where everybody stands`,
    ...[process.pid, ...family].map(describeProcess),
    ...reports,
    ...[process.pid, ...family].flatMap(describePools),
  ].join('\n');
}

/** The descendants, and who is in a network namespace of one of them: what Wine starts descends from nobody. */
function familyOf(processId: number): number[] {
  const descendants = descendantsOf(processId);
  const ours = new Set(networksOf(processId));
  const apart = new Set(descendants.flatMap(networksOf).filter((network) => !ours.has(network)));
  const others = list('/proc')
    .map(Number)
    .filter((other) => networksOf(other).some((network) => apart.has(network)));
  return [...new Set([...descendants, ...others])];
}

/** Of its threads: the first one may have ended before the others. */
function networksOf(processId: number): string[] {
  const folder = `/proc/${processId}/task`;
  return list(folder)
    .map((thread) => link(`${folder}/${thread}/ns/net`))
    .filter((network) => network !== '');
}

/** Children, children's children and so on. */
function descendantsOf(processId: number): number[] {
  const children = list(`/proc/${processId}/task`).flatMap((thread) =>
    read(`/proc/${processId}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  );
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

function describeProcess(processId: number): string {
  const folder = `/proc/${processId}`;
  const command = commandOf(processId).join(' ').slice(0, 300);
  const children = descendantsOf(processId).join(' ') || 'none';
  const threads = list(`${folder}/task`).map((thread) => describeThread(`${folder}/task/${thread}`));
  return [`-- process ${processId}: ${command}; descendants: ${children}`, ...threads].join('\n');
}

function describeThread(folder: string): string {
  const { name, state, used } = parseStat(read(`${folder}/stat`));
  const facts = `${state}, ${used} ticks, wchan ${read(`${folder}/wchan`) || '0'}, call ${read(`${folder}/syscall`)}`;
  // Only root may read it.
  const stack = read(`${folder}/stack`)
    .split('\n')
    .map((line) => line.replace(/^\[<0>\] /, ''));
  return `   thread ${path.basename(folder)} ${name}: ${facts.trim()}\n      ${stack.join(' < ')}`;
}

function parseStat(text: string): { name: string; state: string; used: number } {
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  return {
    name: text.slice(text.indexOf('(') + 1, end),
    state: fields[0] ?? '?',
    used: Number(fields[11]) + Number(fields[12]),
  };
}

/** Of those that were started with the options for it: the signal would be the end of others. */
async function collectReports(family: readonly number[]): Promise<string[]> {
  const asked = family.filter((processId) => commandOf(processId).includes('--report-on-signal'));
  const before = new Set(list(reportFolder));
  for (const processId of asked) {
    try {
      process.kill(processId, REPORT_SIGNAL);
    } catch {
      // It has ended meanwhile.
    }
  }
  const fresh = (): string[] => list(reportFolder).filter((file) => !before.has(file));
  const endMs = performance.now() + REPORT_WITHIN_MS;
  while (fresh().length < asked.length && performance.now() < endMs) await sleep(50);
  return [`-- ${fresh().length} reports of ${asked.length}; who is missing runs no event loop`].concat(
    fresh().map((file) => summarize(path.join(reportFolder, file))),
  );
}

interface DiagnosticReport {
  readonly header: { readonly processId: number; readonly commandLine: readonly string[] };
  readonly javascriptStack: { readonly stack?: readonly string[] };
  readonly libuv: readonly { readonly type: string; readonly is_active?: boolean }[];
}

function summarize(file: string): string {
  try {
    const { header, javascriptStack, libuv } = JSON.parse(readFileSync(file, 'utf8')) as DiagnosticReport;
    const handles = libuv.filter(({ is_active: isActive }) => isActive === true).map(({ type }) => type);
    const stack = (javascriptStack.stack ?? []).join(' < ');
    return `   ${header.processId} (${file}): active ${handles.join(' ')}; ${stack}`;
  } catch (error) {
    return `   ${file}: ${String(error)}`;
  }
}

/** Of the pools that the process has made or has open. */
function describePools(processId: number): string[] {
  const folder = `/proc/${processId}/fd`;
  return list(folder)
    .filter((name) => link(`${folder}/${name}`).startsWith('/memfd:portslice'))
    .map(
      (name) => `-- pool of process ${processId}, descriptor ${name}\n${describePool(`${folder}/${name}`)}`,
    );
}

function describePool(file: string): string {
  try {
    const bytes = readFileSync(file);
    const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    const problem = findSegmentProblem(buffer, copyTables(buffer));
    return problem ?? describeSegment(new Segment(buffer));
  } catch (error) {
    return String(error);
  }
}

function describeSegment(segment: Segment): string {
  const header = Object.entries(HeaderWord).map(([name, word]) => `${name} ${segment.header(word)}`);
  const records = [...segment.states].flatMap((word, index) => {
    if (word === 0) return [];
    const facts = Object.entries(RecordWord).map(([name, at]) => `${name} ${segment.record(index, at)}`);
    return `   ${segment.ports.at(index)} ${stateNameOf(word)} '${segment.readLabel(index)}' ${facts.join(', ')}`;
  });
  return [`   ${header.join(', ')}`, ...records].join('\n');
}

function commandOf(processId: number): string[] {
  return read(`/proc/${processId}/cmdline`).split('\0');
}

/** Processes go while they are looked at, and some are hidden from us. */
function read(file: string): string {
  try {
    return readFileSync(file, 'latin1').trim();
  } catch {
    return '';
  }
}

function list(folder: string): string[] {
  try {
    return existsSync(folder) ? readdirSync(folder) : [];
  } catch {
    return [];
  }
}

function link(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}
