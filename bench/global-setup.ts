/**
 * What the global setups take, their import included, in a new process. A runner's main process has loaded much of what they
 * need; here they load it themselves. Run: npm run bench:global-setup
 */
import { cleanEnvironment } from '../test/support/environment.ts';
import { type Installation, installPackage } from './installation.ts';
import { nodeVersions, type NodeVersion } from './node-versions.ts';
import { formatRoughMs, median, printSection, quantile } from './report.ts';
import { interleave, toldNumber } from './rounds.ts';
import { repetitions } from './scale.ts';
import type { Section } from './section.ts';

const ROUNDS: number = repetitions(5, 30);
const WARM_UP_ROUNDS = 2;
const LIMIT_MS = 15;
const WORKERS = 8;

/** With what the runner would give it. */
const SETUPS = {
  'portslice/vitest/global-setup': `{ vitest: { config: { maxWorkers: ${WORKERS} }, projects: [{}] } }`,
  'portslice/playwright/global-setup': `{ workers: ${WORKERS} }`,
} as const;

interface Result {
  readonly node: NodeVersion;
  readonly entry: string;
  readonly timesMs: readonly number[];
}

export async function measureGlobalSetup(): Promise<Section> {
  using installation = installPackage();
  const results = (await nodeVersions()).flatMap((node) => measureOn(node, installation));
  const mediansMs = results.map(({ timesMs }) => median(timesMs));
  return {
    title: 'Global setup',
    method:
      `The import of the runner's global setup and its call for ${WORKERS} workers, timed inside a new process: the pool of all server ` +
      `ports is made, and the hold is tested on one port. Medians of ${ROUNDS} rounds after ${WARM_UP_ROUNDS} of warm-up.`,
    command: 'npm run bench:global-setup',
    tables: [
      {
        header: ['Node', 'entry', 'median', 'fastest', '90 % within'],
        rows: results.map(({ node, entry, timesMs }, index) => [
          node.version,
          `\`${entry}\``,
          formatRoughMs(mediansMs[index] as number),
          formatRoughMs(Math.min(...timesMs)),
          formatRoughMs(
            quantile(
              timesMs.toSorted((a, b) => a - b),
              0.9,
            ),
          ),
        ]),
      },
    ],
    charts: [],
    requirements: Object.keys(SETUPS).map((entry) => {
      const chosen = results.filter((result) => result.entry === entry);
      return {
        what: `global setup, \`${entry}\``,
        wanted: `at most ${LIMIT_MS} ms`,
        measured: chosen
          .map(
            ({ node, timesMs }) => `${formatRoughMs(median(timesMs))} (Node ${node.version.split('.')[0]})`,
          )
          .join(', '),
        isMet: chosen.every(({ timesMs }) => median(timesMs) <= LIMIT_MS),
      };
    }),
  };
}

function measureOn(node: NodeVersion, { write }: Installation): Result[] {
  const entries = Object.entries(SETUPS);
  const files = entries.map(([entry, argument], index) =>
    write(
      `setup-${index}.mjs`,
      `const startMs = performance.now();
      const { default: setUp } = await import('${entry}');
      setUp(${argument});
      const timeMs = performance.now() - startMs;
      process.getBuiltinModule('fs').writeSync(1, String(timeMs));`,
    ),
  );
  const env = cleanEnvironment();
  const rounds = { rounds: ROUNDS, warmUpRounds: WARM_UP_ROUNDS };
  const times = interleave(files, rounds, (file) => toldNumber(node.path, [file], env));
  return entries.map(([entry], index) => ({ node, entry, timesMs: times[index] ?? [] }));
}

if (import.meta.main) await printSection(measureGlobalSetup);
