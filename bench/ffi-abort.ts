/**
 * How often the termination of a worker thread ends the whole process: koffi cannot be stopped while it initialises, that is while
 * a thread allocates its first port. Run: node bench/ffi-abort.ts [terminations of each kind]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { cleanEnvironment } from '../test/support/environment.ts';
import type { Lives } from './ffi-abort.program.ts';
import { describeMachine } from './machine.ts';
import { formatTable } from './report.ts';

const TERMINATIONS = Number(process.argv[2] ?? 300);
const program = fileURLToPath(new URL('ffi-abort.program.ts', import.meta.url));

const kinds: Readonly<Record<string, Lives>> = {
  'within 2 ms of the start of the first allocation': { firstPortWithinMs: 0, from: 'start', withinMs: 2 },
  'at any moment of 50 ms, with the first allocation at any moment of them': {
    firstPortWithinMs: 50,
    from: 'start',
    withinMs: 50,
  },
  'within 50 ms after the first allocation': { firstPortWithinMs: 0, from: 'end', withinMs: 50 },
};

const rows: string[][] = [];
for (const [name, lives] of Object.entries(kinds)) {
  const { terminations, aborts } = await count(lives);
  rows.push([name, String(terminations), String(aborts), ((1000 * aborts) / terminations).toFixed(1)]);
}
console.log(`${describeMachine()}\n`);
console.log(formatTable({ header: ['terminated', 'threads', 'aborts', 'of a thousand'], rows }));

/** A process goes on until it is aborted, then the next one takes over. */
async function count(lives: Lives): Promise<{ terminations: number; aborts: number }> {
  let [terminations, aborts] = [0, 0];
  for (;;) {
    if (terminations >= TERMINATIONS) return { terminations, aborts };
    const args = [program, JSON.stringify({ ...lives, terminations: TERMINATIONS - terminations })];
    const child = spawn(process.execPath, args, {
      env: cleanEnvironment({ PORTSLICE_PORTS: '20000-29999' }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
    createInterface(child.stdout).on('line', () => terminations++);
    const [status, signal] = (await once(child, 'close')) as [number | null, string | null];
    if (signal === 'SIGABRT' && errors.includes('napi_throw')) aborts++;
    else if (status !== 0) throw new Error(`The process ended with ${status ?? signal}: ${errors}`);
  }
}
