/** What is said about a server that has ended by itself. */
import { expect, test } from 'vitest';
import { ServerDiedError, ServerExitedError } from '../../src/index.ts';

const server = { port: 20_123, processId: 7 };

test.each([
  [
    { signal: 'SIGKILL', output: 'up' },
    'If nobody has sent it SIGKILL, the system has, for want of memory: run fewer workers, or give it more memory.',
  ],
  [
    { signal: 'SIGTERM', output: '' },
    'Find out who has sent it SIGTERM: a script, a process manager, or a test.',
  ],
  [{ signal: 'SIGSEGV', output: 'up' }, 'It has crashed: correct its own fault.'],
  [
    { exitCode: 126, output: 'sh: denied' },
    'A shell ends with 126 where a file may not be executed: make it executable.',
  ],
  [{ exitCode: 1, output: 'no database' }, 'Correct what it complains of.'],
  [
    { exitCode: 1, output: '' },
    'Look at its log file for the reason, or let it write to its standard output or error.',
  ],
  [{ output: 'up' }, 'Correct what it complains of.'],
])('A server that has ended with %o is told with what to do', ({ exitCode, signal, output }: End, advice) => {
  const started = { name: 'node api.js', output, lastLines: output };
  const end = { exitCode, signal };
  const how = signal ?? `exit code ${exitCode ?? 'unknown'}`;
  const said = output === '' ? ' It has written nothing.' : ` Its last output:\n${output}`;
  expect(new ServerExitedError({ ...server, ...end, started }).message).toBe(
    `'node api.js' (pid 7) ended before it listened on port 20123 (${how}). ${advice}${said}`,
  );
  expect(new ServerDiedError({ ...server, ...started, ...end }).message).toBe(
    `The server 'node api.js' on port 20123 had ended by itself (pid 7, ${how}). ${advice} ` +
      `If the test ends it on purpose, use server.stop() or server.restart().${said}`,
  );
});

test('A server that has ended without a fault was not to end', () => {
  const started = { name: 'node api.js', output: '', lastLines: '' };
  const { message } = new ServerDiedError({ ...server, ...started, exitCode: 0, signal: undefined });
  expect(message).toContain(
    '(pid 7, exit code 0). Let it go on until the test ends. If the test ends it on purpose',
  );
});

interface End {
  readonly exitCode?: number;
  readonly signal?: string;
  readonly output: string;
}
