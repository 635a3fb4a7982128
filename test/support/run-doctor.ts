/** Runs `portslice doctor` of the sources, to its end. */
import { text } from 'node:stream/consumers';
import { cleanEnvironment } from './environment.ts';
import { startProcess } from './live-process.ts';
import { reservePorts } from './port-block.ts';
import { projectFolder, type ScriptOptions } from './run-script.ts';

/** For each check: a bound for what hangs. */
const TIMEOUT_SECONDS = 60;

export interface DoctorRun {
  readonly exitCode: number | null;
  /** The lines of the self-test with that outcome, in their order. */
  readonly ok: readonly string[];
  readonly weaker: readonly string[];
  readonly failed: readonly string[];
  /** Of the project that is tested. */
  readonly wiring: readonly string[];
  readonly output: string;
}

/** On ports of its own, if the environment names no others. */
export async function runDoctor({ env, nodeOptions = [], wrapper = [] }: ScriptOptions): Promise<DoctorRun> {
  await using block = await reservePorts(40);
  const command = ['src/cli.ts', 'doctor', '--timeout', String(TIMEOUT_SECONDS)];
  const { child, exit } = startProcess([...wrapper, process.execPath, ...nodeOptions, ...command], {
    cwd: projectFolder,
    env: cleanEnvironment({ PORTSLICE_PORTS: block.spec, ...env }),
    stdout: 'pipe',
  });
  const [output, { code, stderr }] = await Promise.all([text(child.stdout as NodeJS.ReadableStream), exit]);
  const [selfTest = '', wiring = ''] = output.split('\n\n');
  return {
    exitCode: code,
    ok: selfTest.match(/^ok .*$/gm) ?? [],
    weaker: selfTest.match(/^weaker: .*$/gm) ?? [],
    failed: selfTest.match(/^FAILED: .*$/gm) ?? [],
    wiring: wiring.split('\n').slice(1),
    output: output + stderr,
  };
}
