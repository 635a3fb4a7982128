/**
 * Writes the files of a report: each beside its place and then moved there, so that nobody reads half of one. The JSON has a test in each line,
 * and is never in memory as a whole.
 */
import { fileSystem } from '../platform/file-system.ts';
import type { PortsReport } from './format.ts';

/** So much text is written at once. */
const CHUNK_LENGTH = 256 * 1024;

export const PAGE_FILE = 'index.html';
const JSON_FILE = 'ports.json';

/** @param folder made where it is missing */
export function writeReport(
  folder: string,
  report: PortsReport,
  renderPage: (report: PortsReport) => string,
): void {
  const { mkdirSync } = fileSystem();
  mkdirSync(folder, { recursive: true });
  writeInOne(folder, JSON_FILE, jsonLines(report));
  writeInOne(folder, PAGE_FILE, [renderPage(report)]);
}

/** In the order in which it is read best. */
export function* jsonLines(report: PortsReport): Generator<string> {
  const { version, generator, runner, startedAtMs, endedAtMs, summary, machines, testsWithoutPorts, shared } =
    report;
  const head = { version, generator, runner, startedAtMs, endedAtMs, summary, testsWithoutPorts };
  yield `${JSON.stringify(head).slice(0, -1)},\n`;
  yield* listLines('machines', machines);
  yield ',\n';
  yield* listLines('shared', shared);
  yield ',\n';
  yield* listLines('tests', report.tests);
  yield '}\n';
}

function* listLines(name: string, values: readonly unknown[]): Generator<string> {
  yield `"${name}": [`;
  for (const [place, value] of values.entries()) yield `${place === 0 ? '' : ','}\n${JSON.stringify(value)}`;
  yield values.length === 0 ? ']' : '\n]';
}

function writeInOne(folder: string, name: string, parts: Iterable<string>): void {
  const { closeSync, openSync, renameSync, rmSync, writeSync } = fileSystem();
  const { join } = process.getBuiltinModule('node:path');
  const written = join(folder, `.${name}.${process.pid}`);
  try {
    const descriptor = openSync(written, 'w');
    try {
      for (const chunk of inChunks(parts)) writeSync(descriptor, chunk);
    } finally {
      closeSync(descriptor);
    }
    renameSync(written, join(folder, name));
  } catch (error) {
    rmSync(written, { force: true });
    throw error;
  }
}

function* inChunks(parts: Iterable<string>): Generator<string> {
  let chunk = '';
  for (const part of parts) {
    chunk += part;
    if (chunk.length < CHUNK_LENGTH) continue;
    yield chunk;
    chunk = '';
  }
  yield chunk;
}
