/**
 * A shell that outlives this thread, however it ends, and then ends the servers that it has started: see watchdog-script.ts.
 * One for each thread, since a thread of a runner can be terminated alone. It has no descriptor of ours but its end of the pipe,
 * which the kernel closes with us.
 */
import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { readVariable } from '../environment.ts';
import { threadState } from '../thread-state.ts';
import type { TreeMark } from './tree-mark.ts';
import { WATCHDOG_SCRIPT } from './watchdog-script.ts';

/** Where something ends every shell at once, it is not started for ever. */
const MAX_RESTARTS = 10;

interface Watchdog {
  pipe: Socket | undefined;
  restarts: number;
  /** Of the trees that are open: what a watchdog has to know of each. */
  readonly orders: Map<TreeMark, string[]>;
}

const watchdog = (): Watchdog =>
  threadState('server-watchdog', () => ({ pipe: undefined, restarts: 0, orders: new Map() }));

/** @returns why there is no watchdog, in words; undefined: there is one */
export function guardTree(mark: TreeMark): string | undefined {
  const { orders, pipe, restarts } = watchdog();
  orders.set(mark, []);
  if (restarts >= MAX_RESTARTS)
    return 'the shell that waits for the end of this process is ended again and again, so a server is not ended if this process is killed';
  if (pipe === undefined && !start())
    return "the program 'sh' cannot be started, so a server is not ended if this process is killed";
  order(mark, `+${mark}`);
  return undefined;
}

/** @param startTicks undefined: it has ended already */
export function guardSession(mark: TreeMark, processId: number, startTicks: number | undefined): void {
  order(mark, `+${mark}:${processId}:${startTicks ?? 'gone'}`);
}

export function forgetTree(mark: TreeMark): void {
  watchdog().orders.delete(mark);
  watchdog().pipe?.write(`-${mark}\n`);
}

/** Node tries to write at once, so that the watchdog knows it even if this process is killed right after. */
function order(mark: TreeMark, text: string): void {
  watchdog().orders.get(mark)?.push(text);
  watchdog().pipe?.write(`${text}\n`);
}

function start(): boolean {
  const state = watchdog();
  const child = spawnShell();
  const pipe = child.stdio[3] as Socket;
  // Why it did not start makes no difference, and of its end the pipe tells.
  child.on('error', () => undefined);
  pipe.on('error', () => undefined);
  if (child.pid === undefined) return false;
  child.unref();
  pipe.unref();
  state.pipe = pipe;
  pipe.once('close', () => {
    if (state.pipe !== pipe) return;
    state.pipe = undefined;
    // Somebody has ended it.
    if (state.orders.size > 0 && ++state.restarts < MAX_RESTARTS) start();
  });
  for (const texts of state.orders.values()) for (const text of texts) pipe.write(`${text}\n`);
  return true;
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
