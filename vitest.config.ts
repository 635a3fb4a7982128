import { tmpdir } from 'node:os';
import path from 'node:path';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { isFull } from './test/soak/scale.ts';
import { buildStandIn } from './test/support/darwin/build.ts';
import { machineVariables } from './test/support/darwin/machine-variables.ts';

const onStandIn = 'test/platform/darwin/*.test.ts';
/** What shows that the pool and servers work on another kernel; in `npm run test:soak` all that they must do. */
const onEveryKernel = [
  `test/pool/${isFull ? '*' : '{crash-recovery,transports}'}.test.ts`,
  'test/contention/storm.test.ts',
  'test/doctor/kernel-faults.test.ts',
  'test/report/{machine-status,read-ports}.test.ts',
  `test/server/${isFull ? '*' : '{launcher,restart}'}.test.ts`,
  `test/run-ports/${isFull ? '*' : 'served-ports'}.test.ts`,
];

const linux: TestProjectInlineConfiguration = {
  extends: true,
  test: { name: 'linux', include: ['test/**/*.test.ts'], exclude: [onStandIn] },
};

/** What any kernel must do, once more on the stand-in for macOS' kernel. */
function darwin(library: string): TestProjectInlineConfiguration {
  return {
    extends: true,
    test: {
      name: 'darwin',
      include: [onStandIn, ...onEveryKernel],
      globalSetup: ['test/support/darwin/global-setup.ts'],
      env: machineVariables(path.join(tmpdir(), `portslice-machine-${process.pid}`), library),
    },
  };
}

/** Files that take minutes each, most of them small: Vitest would begin with them last, and one worker be left alone. */
const isLong = ({ moduleId }: TestSpecification): boolean =>
  /\/test\/(?:arm64|bench|soak\/windows|wine)\b/.test(moduleId);

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- of no array
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

const library = buildStandIn();

export default defineConfig({
  test: {
    projects: [linux, ...(library === undefined ? [] : [darwin(library)])],
    setupFiles: ['test/support/test-setup.ts'],
    // Real processes, like our users' workers. Contention tests start more of them, hence the time.
    pool: 'forks',
    // Most tests wait for processes: on two processors Vitest's own choice, one worker, takes half as long again.
    maxWorkers: '100%',
    // Bounds for what hangs: programs are slow to start on a machine that does much else.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 60_000 } },
    teardownTimeout: 5_000,
    sequence: { sequencer: LongestFirst },
    // Nothing may come out green by retrying, by being left out or by being alone.
    retry: 0,
    allowOnly: false,
  },
});
