import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isAlive, isRunning } from '../../../src/platform/linux/liveness.ts';
import { NOBODY, startPeer, startPeerThread } from '../../support/kernel-peer.ts';
import { stopProcess } from '../../support/listening-server.ts';
import { needRoot } from '../../support/needs.ts';
import { scriptOutput } from '../../support/run-script.ts';
import { until } from '../../support/until.ts';

test('A process and a thread are alive until they end', async () => {
  const [victim, thread] = await Promise.all([startPeer(), startPeerThread()]);
  const threadId = await thread.tell.threadId();
  expect(threadId).not.toBe(process.pid);
  for (const number of [process.pid, victim.pid, threadId]) {
    expect(isAlive(number)).toBe(true);
    expect(isRunning(number)).toBe(true);
  }
  await Promise.all([victim.kill(), thread.kill()]);
  await until('the end of the thread', () => !isAlive(threadId));
  expect(isAlive(victim.pid)).toBe(false);
  expect(isRunning(victim.pid)).toBe(false);
});

test('Numbers that no process can have are not alive', () => {
  for (const number of [0, -1, -process.pid, 2 ** 30]) {
    expect(isAlive(number)).toBe(false);
    expect(isRunning(number)).toBe(false);
  }
});

test("Another user's process is alive", async (context) => {
  needRoot(context);
  const script = `
    import { isAlive, isRunning } from './src/platform/linux/liveness.ts';
    process.setuid(${NOBODY});
    console.log(JSON.stringify([isAlive(${process.pid}), isRunning(${process.pid})]));`;
  expect(await scriptOutput(script)).toEqual([true, true]);
});

test('A process that has ended and was not looked after is alive, but not running', async () => {
  // The shell becomes a program that never waits for the child that it has inherited. The child ends with its input.
  const code = 'exec 3<&0; cat <&3 >&2 & exec 3<&-; echo $!; exec sleep 1000';
  const parent = spawn('sh', ['-c', code], { stdio: ['pipe', 'pipe', 'inherit'] });
  await using _end = { [Symbol.asyncDispose]: () => stopProcess(parent) };
  const [text] = (await once(parent.stdout, 'data')) as [Buffer];
  const zombie = Number(text);
  await until('the new program', () => readFileSync(`/proc/${parent.pid}/comm`, 'utf8') === 'sleep\n');
  expect(isRunning(zombie)).toBe(true);
  parent.stdin.end();
  await until('the end of the child', () => !isRunning(zombie));
  expect(isAlive(zombie)).toBe(true);
});
