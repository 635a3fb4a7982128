/**
 * What a test file pays for the import of our `test`, if it uses no port: timed inside of Vitest's workers, and in processes
 * that have loaded Playwright, beside the import of an empty package. Run: npm run bench:imports
 */
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { cleanEnvironment } from '../test/support/environment.ts';
import { type Installation, installPackage } from './installation.ts';
import { formatRoughMs, median, printSection } from './report.ts';
import { interleave, toldNumber, wallTimeMs } from './rounds.ts';
import { repetitions } from './scale.ts';
import type { Section } from './section.ts';

const FILES_PER_PACKAGE: number = repetitions(5, 30);
const ROUNDS: number = repetitions(5, 30);
const LIMIT_MS = 2;
const EMPTY = 'an-empty-package';

interface Result {
  readonly where: string;
  readonly entry: string;
  readonly emptyMs: readonly number[];
  readonly oursMs: readonly number[];
}

export async function measureImports(): Promise<Section> {
  using installation = installPackage();
  const packageFolder = `node_modules/${EMPTY}`;
  installation.write(
    `${packageFolder}/package.json`,
    '{ "type": "module", "exports": { ".": "./index.js" } }',
  );
  installation.write(`${packageFolder}/index.js`, 'export const test = undefined;');
  return describe([inVitest('forks', installation), inVitest('threads', installation), inNode(installation)]);
}

/** Each file is a new process or thread, and notes how long its import took. */
function inVitest(pool: 'forks' | 'threads', { dir, write }: Installation): Result {
  const project = `vitest-${pool}`;
  const log = path.join(dir, `${project}.log`);
  const entry = 'portslice/vitest';
  const names = [EMPTY, entry];
  write(
    `${project}/vitest.config.js`,
    `export default { test: { pool: '${pool}', maxWorkers: 1, reporters: ['dot'] } };`,
  );
  for (let number = 0; number < FILES_PER_PACKAGE; number++) {
    for (const [index, name] of names.entries()) {
      write(
        `${project}/number-${number}-${index}.test.js`,
        `import { appendFileSync } from 'node:fs';
        import { test } from 'vitest';
        const startMs = performance.now();
        await import('${name}');
        appendFileSync(${JSON.stringify(log)}, '${name} ' + (performance.now() - startMs) + '\\n');
        test('nothing', () => {});`,
      );
    }
  }
  const command = [path.join(dir, 'node_modules/vitest/vitest.mjs'), 'run'];
  wallTimeMs(process.execPath, command, cleanEnvironment(), path.join(dir, project));
  const lines = readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' ') as [string, string]);
  rmSync(log);
  const [emptyMs = [], oursMs = []] = names.map((name) =>
    lines.filter(([imported]) => imported === name).map(([, timeMs]) => Number(timeMs)),
  );
  return { where: `Vitest, ${pool}`, entry, emptyMs, oursMs };
}

function inNode({ write }: Installation): Result {
  const entry = 'portslice/playwright';
  const files = [EMPTY, entry].map((name, index) =>
    write(
      `playwright-${index}.mjs`,
      `import '@playwright/test';
      const startMs = performance.now();
      await import('${name}');
      const timeMs = performance.now() - startMs;
      process.getBuiltinModule('fs').writeSync(1, String(timeMs));`,
    ),
  );
  const env = cleanEnvironment();
  const [emptyMs = [], oursMs = []] = interleave(files, { rounds: ROUNDS, warmUpRounds: 2 }, (file) =>
    toldNumber(process.execPath, [file], env),
  );
  return { where: 'Node, Playwright loaded', entry, emptyMs, oursMs };
}

function describe(results: readonly Result[]): Section {
  const moreMs = results.map(({ emptyMs, oursMs }) => median(oursMs) - median(emptyMs));
  return {
    title: 'A test file that uses no port',
    method:
      `How long \`await import()\` of our fixtures takes where the runner itself is loaded already, beside that of an empty package: ` +
      `medians of ${FILES_PER_PACKAGE} test files each in Vitest, all with a process or thread of their own, and of ${ROUNDS} new ` +
      `processes. Node ${process.versions.node}. Whole runs are measured under *In the runners*.`,
    command: 'npm run bench:imports',
    tables: [
      {
        header: ['where', 'import of', 'median', 'an empty package', 'more', 'fastest, more'],
        rows: results.map(({ where, entry, emptyMs, oursMs }, index) => [
          where,
          `\`${entry}\``,
          formatRoughMs(median(oursMs)),
          formatRoughMs(median(emptyMs)),
          formatRoughMs(moreMs[index] as number),
          formatRoughMs(Math.min(...oursMs) - Math.min(...emptyMs)),
        ]),
      },
    ],
    charts: [],
    requirements: results.map(({ where, entry }, index) => ({
      what: `${where}: import of \`${entry}\` without using a port`,
      wanted: `less than ${LIMIT_MS} ms more`,
      measured: formatRoughMs(moreMs[index] as number),
      isMet: (moreMs[index] as number) < LIMIT_MS,
    })),
  };
}

if (import.meta.main) await printSection(measureImports);
