import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { isRunning } from '../../../src/platform/linux/liveness.ts';
import { platform } from '../../../src/platform/platform.ts';
import { NOBODY, startPeer } from '../../support/kernel-peer.ts';
import { stopProcess } from '../../support/listening-server.ts';
import { needNamespace, needRoot } from '../../support/needs.ts';
import { scriptOutput } from '../../support/run-script.ts';
import { until } from '../../support/until.ts';

/** Beyond the highest number that the kernel gives out. */
const NO_PROCESS = 2 ** 22 + 1;

test('The ancestors of a process are the process, its parent and so on', async () => {
  await using peer = await startPeer();
  expect(platform.findAncestors(peer.pid).slice(0, 3)).toEqual([peer.pid, process.pid, process.ppid]);
  expect(platform.findAncestors(process.pid)).not.toContain(peer.pid);
});

test('A command name of parentheses and spaces does not mislead the search', async () => {
  const script = `
    import { findAncestors } from './src/platform/linux/processes.ts';
    process.title = ') R 1 (x';
    console.log(JSON.stringify(findAncestors(process.pid).slice(0, 2)));`;
  const [, parent] = await scriptOutput<number[]>(script);
  expect(parent).toBe(process.pid);
});

test('The search ends at a process that does not exist, and where there is no /proc', async (context) => {
  const gone = await startPeer();
  await gone.kill();
  expect(platform.findAncestors(gone.pid)).toEqual([gone.pid]);
  expect(platform.findAncestors(1)).toEqual([]);
  expect(platform.findAncestors(0)).toEqual([]);
  const wrapper = needNamespace(context, 'mount -t tmpfs none /proc');
  await using peer = await startPeer({ wrapper });
  expect(await peer.kernel('findAncestors', peer.pid)).toEqual([peer.pid]);
});

test('A child that was forked and has executed nothing is told from all others', async () => {
  const shell = spawn('sh', ['-c', '(echo forked; read line); echo alone; read line'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: shell.stdout });
  const shellId = shell.pid as number;
  expect((await once(lines, 'line'))[0]).toBe('forked');
  expect(platform.hasChildBeforeExec(new Set([NO_PROCESS, shellId]))).toBe(true);
  // The shell itself is a child that has executed its program.
  expect(platform.hasChildBeforeExec(new Set([process.pid]))).toBe(false);
  shell.stdin.write('go on\n');
  expect((await once(lines, 'line'))[0]).toBe('alone');
  expect(platform.hasChildBeforeExec(new Set([NO_PROCESS, shellId]))).toBe(false);
  const ended = once(shell, 'exit');
  shell.stdin.end();
  await ended;
});

/** A shell's command whose parent, a program that does not know of it, never asks how it has ended. */
async function startUnasked(command: string): Promise<AsyncDisposable & { readonly endedId: number }> {
  const parent = spawn('sh', ['-c', `sh -c 'read line; ${command}' <&3 & echo $!; exec sleep 600 3<&-`], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  const [text] = (await once(parent.stdout as Readable, 'data')) as [Buffer];
  const endedId = Number(text.toString());
  await until('the shell is replaced', () => readFileSync(`/proc/${parent.pid}/comm`, 'utf8') === 'sleep\n');
  (parent.stdio[3] as Writable).end();
  await until('the command has ended', () => !isRunning(endedId));
  return { endedId, [Symbol.asyncDispose]: () => stopProcess(parent) };
}

test.each([
  ['exit 0', { exitCode: 0, signal: undefined }],
  ['exit 37', { exitCode: 37, signal: undefined }],
  ['kill -KILL $$', { exitCode: undefined, signal: 'SIGKILL' }],
])('How a process has ended is known while its parent has not asked: %s', async (command, end) => {
  await using child = await startUnasked(command);
  expect(platform.findEnd(child.endedId)).toEqual(end);
});

test('How a process has ended is unknown of one that runs and of one that is gone', async () => {
  const gone = await startPeer();
  expect(platform.findEnd(gone.pid)).toBeUndefined();
  await gone.kill();
  expect(platform.findEnd(gone.pid)).toBeUndefined();
});

test("Another user's process that has ended is not taken for a success", async (context) => {
  needRoot(context);
  await using other = await startPeer({ userId: NOBODY });
  await using child = await startUnasked('exit 0');
  expect(await other.kernel('findEnd', child.endedId)).toBeUndefined();
});

/** A shell that leads a session, and a program that it has started. */
async function startInSession(): Promise<{ readonly shell: ChildProcess; readonly programId: number }> {
  const shell = spawn('sh', ['-c', 'sleep 600 & echo $!; wait; true'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const [text] = (await once(shell.stdout, 'data')) as [Buffer];
  return { shell, programId: Number(text.toString()) };
}

describe('the wrapper of a process that descends from others', () => {
  test('has ended if the leader of the session has ended, and else has not', async () => {
    await using stranger = await startPeer();
    const { shell, programId } = await startInSession();
    try {
      expect(await stranger.kernel('findEndedWrapper', programId)).toBeUndefined();
      await stopProcess(shell);
      expect(await stranger.kernel('findEndedWrapper', programId)).toEqual({ command: undefined });
      expect(platform.findEndedWrapper(programId)).toEqual({ command: undefined });
    } finally {
      process.kill(programId, 'SIGKILL');
      await stopProcess(shell);
    }
  });

  test('is unknown of a process that is gone', async () => {
    const gone = await startPeer();
    await gone.kill();
    expect(platform.findEndedWrapper(gone.pid)).toBeUndefined();
  });
});
