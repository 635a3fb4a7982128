/**
 * A shell that outlives this thread: see watchdog-script.ts and tree-guard.ts. It has no descriptor of ours but its end of the pipe.
 */
import type { ChildProcess } from 'node:child_process';
import { readVariable } from '../environment.ts';
import { threadState } from '../thread-state.ts';
import { TreeGuard } from '../tree-guard.ts';
import type { TreeMark } from '../tree-mark.ts';
import { WATCHDOG_SCRIPT } from './watchdog-script.ts';

const guard = (): TreeGuard => threadState('server-watchdog', () => new TreeGuard(spawnShell, 'shell'));

/** @returns why there is no watchdog, in words; undefined: there is one */
export function guardTree(mark: TreeMark): string | undefined {
  return guard().open(mark);
}

/** @param startTicks undefined: it has ended already */
export function guardSession(mark: TreeMark, processId: number, startTicks: number | undefined): void {
  guard().tell(mark, `${processId}:${startTicks ?? 'gone'}`);
}

export function forgetTree(mark: TreeMark): void {
  guard().close(mark);
}

/** With nothing of our environment but the PATH: a mark in it could be that of a tree that we are in. */
function spawnShell(): ChildProcess {
  const { spawn } = process.getBuiltinModule('node:child_process');
  const path = readVariable('PATH');
  return spawn('sh', ['-c', WATCHDOG_SCRIPT, 'portslice-watchdog', String(process.pid)], {
    cwd: '/',
    detached: true,
    env: { LC_ALL: 'C', ...(path === undefined ? {} : { PATH: path }) },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
}
