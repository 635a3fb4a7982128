/** What the fixtures take in whole runs of the runners, for each test file and for each test. */
import { type Comparison, compare, perPiece, type Question, repetitions, takeTurns } from './pairs.ts';
import type { Project } from './project.ts';
import { comparisonBars, comparisonTable, type Section } from './report.ts';
import { type Runner, RUNNERS, type Variant, writeRun } from './runner-projects.ts';
import { timeProcess } from './usage.ts';

const PAIRS: number = repetitions(20, 1);
const WORKERS: number = repetitions(2, 1);
const FEW_FILES = WORKERS;

interface Plan {
  readonly manyFiles: number;
  /** In each of the few files. */
  readonly manyTests: number;
  /** In milliseconds of CPU; undefined is not asked for. */
  readonly bars: { readonly file: number; readonly unusedFile?: number; readonly test: number };
}

const PLANS: Readonly<Record<keyof typeof RUNNERS, Plan>> = {
  forks: {
    manyFiles: repetitions(22, 2),
    manyTests: repetitions(500, 2),
    bars: { file: 5, unusedFile: 1.5, test: 0.12 },
  },
  threads: {
    manyFiles: repetitions(22, 2),
    manyTests: repetitions(500, 2),
    bars: { file: 5, unusedFile: 1.5, test: 0.12 },
  },
  // A test of its takes some ten times as long.
  playwright: {
    manyFiles: repetitions(42, 2),
    manyTests: repetitions(150, 2),
    bars: { file: 3, test: 0.4 },
  },
};

export async function measureRunners(project: Project): Promise<Section> {
  const comparisons: Comparison[] = [];
  for (const name of Object.keys(RUNNERS) as (keyof typeof RUNNERS)[])
    comparisons.push(...(await compareVariants(RUNNERS[name], PLANS[name], project)));
  return {
    title: 'In the runners',
    method:
      `Whole runs of the runner's command with ${WORKERS} workers. *Without portslice*: the runner's own \`test\`, no plugin, no global setup. *Our test, no port* imports ours. ` +
      `*With port*: each test takes \`port\`. *A file* is what one of ${PLANS.forks.manyFiles} files (Playwright ${PLANS.playwright.manyFiles}) of one test takes more than in a run of ${FEW_FILES}; Vitest starts a ` +
      `process or thread for each, Playwright one for each worker. *A test* is what one takes more in ${FEW_FILES} files of ${PLANS.forks.manyTests} (Playwright ${PLANS.playwright.manyTests}) than in files of one. ` +
      `*A whole run* of ${FEW_FILES} files of one test shows what is left out by that: the global setup, the first port of each Playwright worker.`,
    tables: [comparisonTable(comparisons)],
    bars: comparisonBars(comparisons),
  };
}

async function compareVariants(runner: Runner, plan: Plan, project: Project): Promise<Comparison[]> {
  const { manyFiles, manyTests, bars } = plan;
  const run = (variant: Variant, files: number, testsPerFile: number) => {
    const command = writeRun(runner, { variant, files, testsPerFile, workers: WORKERS }, project);
    return () => timeProcess(command);
  };
  const [none, unused, port] = ['without portslice', 'our test, no port', 'with port'] as const;
  const usages = await takeTurns(PAIRS, {
    fewWithout: run(none, FEW_FILES, 1),
    fewUnused: run(unused, FEW_FILES, 1),
    fewWith: run(port, FEW_FILES, 1),
    filesWithout: run(none, manyFiles, 1),
    filesUnused: run(unused, manyFiles, 1),
    filesWith: run(port, manyFiles, 1),
    testsWithout: run(none, FEW_FILES, manyTests),
    testsWith: run(port, FEW_FILES, manyTests),
  });
  const { fewWithout, fewUnused, fewWith, testsWithout, testsWith } = usages;
  const [fileWithout, fileUnused, fileWith] = (
    [
      [usages.filesWithout, fewWithout],
      [usages.filesUnused, fewUnused],
      [usages.filesWith, fewWith],
    ] as const
  ).map(([many, few]) => perPiece(many, few, manyFiles - FEW_FILES)) as [
    typeof fewWith,
    typeof fewWith,
    typeof fewWith,
  ];
  const question = (subject: string, atMost?: number): Question => ({
    subject: `${runner.name}: ${subject}`,
    base: none,
    unit: 'ms',
    by: 'difference',
    ...(atMost === undefined ? {} : { atMost }),
  });
  return [
    compare(question('a file with `port`', bars.file), fileWith, fileWithout),
    compare(question('a file with our `test` and no port', bars.unusedFile), fileUnused, fileWithout),
    compare(
      question('a test with `port`', bars.test),
      perPiece(testsWith, fewWith, FEW_FILES * (manyTests - 1)),
      perPiece(testsWithout, fewWithout, FEW_FILES * (manyTests - 1)),
    ),
    compare(question(`a whole run of ${FEW_FILES} files with \`port\``), fewWith, fewWithout),
  ];
}
