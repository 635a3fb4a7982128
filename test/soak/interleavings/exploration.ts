/** Explores a scenario in a process of its own, in which the product's view of the machine can be replaced. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { Exploration } from './explorer.ts';

const PROGRAM = path.join(import.meta.dirname, 'explore.program.ts');
/** A bug that makes the number of states explode is one too. */
const MAX_STATES = 20_000_000;

export async function exploreScenario(
  scenario: string,
  timeoutMs: number,
  seededBug?: string,
): Promise<Exploration> {
  const child = spawn(
    process.execPath,
    [
      '--max-old-space-size=4096',
      PROGRAM,
      scenario,
      String(MAX_STATES),
      ...(seededBug === undefined ? [] : [seededBug]),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs, killSignal: 'SIGKILL' },
  );
  const [stdout, stderr, [status, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null, string | null]>,
  ]);
  if (status !== 0) throw new Error(`The exploration ended with ${status ?? signal}:\n${stderr}`);
  return JSON.parse(stdout) as Exploration;
}
