/** `portslice doctor` on Windows, under Wine: with the package as it is built. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runSuites } from './suites.ts';
import { LONGEST_RUN_MS, openWindows, type Windows, wineOrNothing } from './windows.ts';

/** A run that hangs is ended before, and tells where everybody stood. */
const TIMEOUT_MS = LONGEST_RUN_MS + 60_000;
const DOCTOR = ['node_modules/portslice/dist/cli.js', 'doctor', '--timeout', '120'];
const FAULTS = { file: 'test/doctor/kernel-faults.test.ts', tests: 7 } as const;
/** Which the command itself has shown. */
const WITHOUT = ['finds that this system keeps its promises, or tells what it does not keep'];

const wine = wineOrNothing();

describe.skipIf(wine === undefined)('the self-test on Windows, under Wine', { timeout: TIMEOUT_MS }, () => {
  let windows: Windows;
  beforeAll(async () => {
    windows = await openWindows(wine as string);
  }, TIMEOUT_MS);
  afterAll(() => windows?.[Symbol.asyncDispose](), TIMEOUT_MS);

  test('finds nothing broken, and tells what is weaker there', async () => {
    const { exitCode, output } = await windows.run(DOCTOR);
    expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
    const [lines = '', wiring = ''] = output.replaceAll('\r', '').split('\n\n');
    expect(lines.match(/^weaker: {2}.*?:/gm)).toEqual([
      // Wine's netsh tells nothing.
      'weaker:  The ports that the system picks by itself are no server ports:',
      'weaker:  Nobody else gets a claimed port before its server does:',
      // Wine's table of listeners has process 0.
      'weaker:  Messages name the process that listens on a port:',
    ]);
    expect(lines.match(/^ok/gm)).toHaveLength(10);
    // The container is Wine; how many files may be open is not told there.
    expect(wiring).toMatch(/^ok {7}The addon for this platform is installed: @koromix\/koffi-win32-x64 /m);
    expect(wiring).not.toMatch(/^FAILED/m);
    expect(output).toMatch(/^system: +Windows 10\./m);
    expect(output).toMatch(/^container: +Wine/m);
  });

  test('ends with 1 where a promise is broken', async () => {
    const { exitCode, output } = await windows.run(DOCTOR, { env: { NODE_OPTIONS: '--no-addons' } });
    expect({ exitCode, output }).toMatchObject({ exitCode: 1 });
    expect(output).toMatch(/^FAILED: {2}The system can be asked for ports: .*--no-addons/m);
  });

  test(`tells each fault of a kernel: all ${FAULTS.tests} tests of ${FAULTS.file} pass`, async () => {
    const run = await runSuites(windows, { pool: 'forks', include: [FAULTS.file], without: WITHOUT });
    const { passed, failed } = run.of(FAULTS.file);
    expect(failed).toEqual([]);
    expect(passed).toHaveLength(FAULTS.tests);
  });
});
