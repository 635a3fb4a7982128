/**
 * A process of Node that outlives this thread: see watchdog-program.ts and tree-guard.ts. It knows processes as this one does, and
 * macOS has no files, as Linux has, in which a shell could read who is there.
 */
import type { ChildProcess } from 'node:child_process';
import { siblingFile } from '../sibling-file.ts';
import { threadState } from '../thread-state.ts';
import { TreeGuard } from '../tree-guard.ts';

export const treeGuard = (): TreeGuard =>
  threadState('server-watchdog', () => new TreeGuard(spawnWatchdog, 'process'));

/**
 * It goes into the background of a shell that ends at once, so it is nobody's child, in a session of its own: who ends a tree that
 * we are in, spares it. With nothing of our environment: a mark in it could be that of such a tree.
 */
function spawnWatchdog(): ChildProcess {
  const { spawn } = process.getBuiltinModule('node:child_process');
  const program = siblingFile(import.meta.url, 'watchdog-program');
  const command = [process.execPath, program, 'portslice-watchdog', String(process.pid)];
  return spawn('/bin/sh', ['-c', '"$@" <&3 3<&- &', 'sh', ...command], {
    cwd: '/',
    detached: true,
    env: {},
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
}
