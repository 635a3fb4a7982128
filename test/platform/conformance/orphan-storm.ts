/** Threads that are terminated at random moments, in a process of their own. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { cleanEnvironment } from '../../support/environment.ts';
import { reservePorts } from '../../support/port-block.ts';
import type { StormResult } from '../linux/orphan-storm.program.ts';

const program = fileURLToPath(new URL('../linux/orphan-storm.program.ts', import.meta.url));

/** They leave nothing that cannot be freed, and other files stay open. */
export async function expectRecovery(wrapper: readonly string[] = []): Promise<void> {
  await using block = await reservePorts(38);
  const [command, ...args] = [...wrapper, process.execPath, program, ...block.ports.map(String)] as [string];
  const { stdout } = await promisify(execFile)(command, args, { env: cleanEnvironment() });
  const { closed, otherFiles, ...rest } = JSON.parse(stdout) as StormResult;
  expect(rest).toEqual({
    closedAgain: 0,
    freed: block.ports.slice(2),
    mainLives: true,
    threadLives: true,
    disturbed: [],
  });
  expect(closed).toBeGreaterThan(0);
  expect(otherFiles).toBeGreaterThan(1000);
}
