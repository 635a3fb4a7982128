import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { platform } from '../../../src/platform/platform.ts';
import { startPeer } from '../../support/kernel-peer.ts';
import { needNamespace } from '../../support/needs.ts';
import { scriptOutput } from '../../support/run-script.ts';

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
  expect(platform.hasChildBeforeExec(shellId)).toBe(true);
  // The shell itself is a child that has executed its program.
  expect(platform.hasChildBeforeExec(process.pid)).toBe(false);
  shell.stdin.write('go on\n');
  expect((await once(lines, 'line'))[0]).toBe('alone');
  expect(platform.hasChildBeforeExec(shellId)).toBe(false);
  const ended = once(shell, 'exit');
  shell.stdin.end();
  await ended;
});
