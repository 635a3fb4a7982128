/**
 * Runs Vitest 3.2 on Windows: `run-suites.program.ts '{ "pool": "forks", "include": [...] }'`. Without esbuild, a native program
 * that does not start under Wine; our files are JavaScript there already, whatever their names say.
 */
import { startVitest } from 'vitest/node';

interface Suites {
  readonly pool: 'forks' | 'threads';
  /** Globs of the test files. */
  readonly include: readonly string[];
  /** For the report, in JSON. */
  readonly outputFile: string;
  /** Whether the package's own plugin is in use. */
  readonly usesPlugin?: boolean;
  readonly workers?: number;
  /** Ends of titles of tests that are not run. */
  readonly without?: readonly string[];
  /** Of each test. */
  readonly timeoutMs: number;
}

const suites = JSON.parse(process.argv[2] ?? '') as Suites;
const { pool, include, outputFile, usesPlugin = false, workers = 1, without = [], timeoutMs } = suites;

const plugins = usesPlugin ? [(await import('portslice/vitest/plugin')).default()] : [];
const options = {
  config: false,
  watch: false,
  pool,
  include: [...include],
  testNamePattern: `^(?!.*(?:${without.join('|') || '$^'})$)`,
  minWorkers: workers,
  maxWorkers: workers,
  testTimeout: timeoutMs,
  hookTimeout: timeoutMs,
  reporters: ['default', 'json'],
  outputFile: { json: outputFile },
};
// Their names and types are those of Vitest 3.2.
const vite = { configFile: false, esbuild: false, plugins, optimizeDeps: { noDiscovery: true, include: [] } };
const vitest = await startVitest('test', [], options as never, vite as never);
await vitest.close();
