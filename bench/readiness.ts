/** How soon it is noticed that a server is ready, and what the wait takes. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { cleanEnvironment } from '../test/support/environment.ts';
import { compare, type Comparison, quantile, repetitions, takeTurns } from './pairs.ts';
import type { Project } from './project.ts';
import { READY_TOOLS, type ToolName, writeReadyTools } from './ready-tools.ts';
import {
  type Bar,
  comparisonBars,
  comparisonTable,
  formatNumber,
  type Section,
  type Table,
} from './report.ts';
import { timeProcess, toldBy, type Usage } from './usage.ts';
import type { Waited } from './waiting.program.ts';

const WAITS: number = repetitions(10, 1);
const PAIRS: number = repetitions(10, 1);
const SERVERS: number = repetitions(20, 4);
const LATE_MS = 5;
const CPU_TIMES = 0.1;

interface Late extends Usage {
  readonly latenessMs: readonly number[];
}

export async function measureReadiness(project: Project): Promise<Section> {
  const waited = await measureWaits(project);
  const tools = await measureTools(project);
  return {
    title: 'Readiness of servers',
    method:
      `*Many at once*: a process waits for ${SERVERS} servers that do nothing until a signal and then begin to listen one after the other; CPU is that of the waiting process alone, from the ` +
      'signal until it has noticed all. *By connect* tries each port every 2 ms, and so notices a server about as soon as `startServer` does, which looks at all together every 4 ms. *Late* is the time from listening to being noticed, in ' +
      `${WAITS} such waits. *One server*: an HTTP server of Node, spawned and waited for by each tool as its documentation shows it, until its page answers. Wall is from the start of the server's ` +
      "process until the tool goes on; CPU is that of the whole command with the server, with Playwright's that of a run with one empty test.",
    tables: [
      comparisonTable([waited.comparison]),
      lateTable('waited for', { startServer: waited.startServer, 'by connect': waited.connect }),
      comparisonTable(tools.comparisons),
      lateTable('tool', tools.runs),
    ],
    bars: [...comparisonBars([waited.comparison]), lateBar(waited.startServer)],
  };
}

async function measureWaits({ dir, entry }: Project): Promise<{
  readonly comparison: Comparison;
  readonly startServer: readonly Waited[];
  readonly connect: readonly Waited[];
}> {
  const program = path.join(import.meta.dirname, 'waiting.program.ts');
  const wait = (method: string) => (): Waited =>
    toldBy({
      args: [process.execPath, program, entry, dir, method, String(SERVERS)],
      env: cleanEnvironment({ NODE_NO_WARNINGS: '1' }),
    }) as Waited;
  const { startServer, connect } = (await takeTurns(WAITS, {
    startServer: wait('startServer'),
    connect: wait('connect'),
  })) as Record<'startServer' | 'connect', Waited[]>;
  const subject = `waiting for ${SERVERS} servers, \`startServer\``;
  const question = { subject, base: 'by connect', unit: 'ms', by: 'ratio', atMost: CPU_TIMES } as const;
  return { comparison: compare(question, startServer, connect), startServer, connect };
}

async function measureTools(project: Project): Promise<{
  readonly comparisons: readonly Comparison[];
  readonly runs: Readonly<Record<ToolName, readonly Late[]>>;
}> {
  const commands = writeReadyTools(project);
  const measure = (name: ToolName) => (): Late => {
    using owner = new project.portslice.TCPPortOwner();
    const { command, noticedFile, serverFile } = commands[name](owner.port);
    const { cpuMs } = timeProcess(command);
    const noticedMs = Number(readFileSync(noticedFile, 'utf8'));
    const server = JSON.parse(readFileSync(serverFile, 'utf8')) as { startedMs: number; listenedMs: number };
    return { cpuMs, wallMs: noticedMs - server.startedMs, latenessMs: [noticedMs - server.listenedMs] };
  };
  const subjects = Object.fromEntries(READY_TOOLS.map((name) => [name, measure(name)]));
  const runs = (await takeTurns(PAIRS, subjects)) as Record<ToolName, Late[]>;
  const [ours, ...others] = READY_TOOLS;
  const comparisons = others.map((base) =>
    compare(
      { subject: 'one server, `startServer`', base, unit: 'ms', by: 'difference' },
      runs[ours],
      runs[base],
    ),
  );
  return { comparisons, runs };
}

function lateTable(what: string, runs: Readonly<Record<string, readonly Late[]>>): Table {
  return {
    header: [what, 'servers', 'late, median', 'nine of ten within', 'at most'],
    rows: Object.entries(runs).map(([name, waits]) => {
      const all = waits.flatMap(({ latenessMs }) => latenessMs);
      return [
        name,
        String(all.length),
        ...[0.5, 0.9, 1].map((share) => `${formatNumber(quantile(all, share))} ms`),
      ];
    }),
  };
}

function lateBar(waits: readonly Late[]): Bar {
  const late = quantile(
    waits.flatMap(({ latenessMs }) => latenessMs),
    0.9,
  );
  return {
    what: `nine of ten of ${SERVERS} servers waited for at once`,
    wanted: `noticed within ${LATE_MS} ms of listening`,
    measured: `${formatNumber(late)} ms`,
    missedBy: late <= LATE_MS ? undefined : `${formatNumber(late - LATE_MS)} ms`,
  };
}
