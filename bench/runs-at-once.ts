/** Ten runs at the same time on one machine, each with a global setup and workers of its own. */
import os from 'node:os';
import { quantile, repetitions } from './pairs.ts';
import type { Project } from './project.ts';
import { formatNumber, type Section } from './report.ts';
import { type Runner, RUNNERS, writeRun } from './runner-projects.ts';
import { type Command, timeTogether } from './usage.ts';

const RUNS: number = repetitions(10, 2);
const ROUNDS: number = repetitions(5, 1);
const FILES: number = repetitions(10, 2);
const TESTS_PER_FILE = 5;
const WORKERS = 4;

/** A real server listens on the port. */
const TEST = (title: number): string => `test('${title}', async ({ port }) => {
  const server = http.createServer((_, response) => response.end('${title}'));
  await new Promise((resolve, reject) => server.once('error', reject).listen(port.port, resolve));
  expect(await (await fetch(port.url())).text()).toBe('${title}');
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});\n`;

interface Round {
  readonly aloneMs: number;
  readonly slowestMs: number;
  /** How long a run may take: as alone, and the time that the processors were busy with the others. */
  readonly shareMs: number;
  readonly failures: readonly string[];
}

export async function measureRunsAtOnce(project: Project): Promise<Section> {
  const all = [];
  for (const runner of [RUNNERS.forks, RUNNERS.playwright])
    all.push({ runner, rounds: await measureRunner(runner, project) });
  const rows = all.map(({ runner, rounds }) => {
    const median = (key: 'aloneMs' | 'slowestMs' | 'shareMs') =>
      quantile(
        rounds.map((round) => round[key]),
        0.5,
      );
    const failures = rounds.flatMap((round) => round.failures);
    const [aloneMs, slowestMs, shareMs] = [median('aloneMs'), median('slowestMs'), median('shareMs')];
    return { runner, aloneMs, slowestMs, shareMs, failures };
  });
  for (const { failures } of rows) if (failures[0] !== undefined) console.error(failures[0]);
  return {
    title: `${RUNS} runs at once`,
    method:
      `A run has a global setup, ${WORKERS} workers and ${FILES * TESTS_PER_FILE} tests in ${FILES} files; each test takes \`port\`, starts a real server on it and asks it. First one run alone, then ${RUNS} at the same time, ` +
      `${ROUNDS} times; medians. *Its share*: the wall time of the run alone, and the CPU time of the ${RUNS - 1} others by the number of processors. A run that takes longer has waited for something else.`,
    tables: [
      {
        header: ['runner', 'runs', 'failed', 'alone', 'slowest', 'its share'],
        rows: rows.map(({ runner, aloneMs, slowestMs, shareMs, failures }) => [
          runner.name,
          String(ROUNDS * (RUNS + 1)),
          String(failures.length),
          ...[aloneMs, slowestMs, shareMs].map((timeMs) => `${formatNumber(timeMs)} ms`),
        ]),
      },
    ],
    bars: rows.flatMap(({ runner, slowestMs, shareMs, failures }) => [
      {
        what: `${runner.name}: ${RUNS} runs at once`,
        wanted: 'no failure',
        measured: `${failures.length} of ${ROUNDS * (RUNS + 1)} failed`,
        missedBy: failures.length === 0 ? undefined : String(failures.length),
      },
      {
        what: `${runner.name}: the slowest of ${RUNS} runs at once, wall time`,
        wanted: `at most its share, ${formatNumber(shareMs)} ms`,
        measured: `${formatNumber(slowestMs)} ms`,
        missedBy: slowestMs <= shareMs ? undefined : `${formatNumber(slowestMs - shareMs)} ms`,
      },
    ]),
  };
}

async function measureRunner(runner: Runner, project: Project): Promise<Round[]> {
  const shape = {
    files: FILES,
    testsPerFile: TESTS_PER_FILE,
    workers: WORKERS,
    variant: 'with port',
  } as const;
  const commands: Command[] = Array.from({ length: RUNS }, (_, run) =>
    writeRun(runner, { ...shape, run }, project, TEST),
  );
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const alone = await timeTogether(commands.slice(0, 1));
    const together = await timeTogether(commands);
    const othersMs = (together.cpuMs * (RUNS - 1)) / RUNS / os.availableParallelism();
    const [aloneMs] = alone.wallsMs as [number];
    rounds.push({
      aloneMs,
      slowestMs: Math.max(...together.wallsMs),
      shareMs: aloneMs + othersMs,
      failures: [...alone.failures, ...together.failures],
    });
  }
  return rounds;
}
