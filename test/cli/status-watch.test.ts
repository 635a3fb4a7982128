/** `portslice status --watch`: in a real terminal, and where none reads. */
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, type TestContext, test } from 'vitest';
import { platform } from '../../src/platform/platform.ts';
import type { MachineStatus } from '../../src/report/status/machine-status.ts';
import { findSchemaProblem } from '../support/check-schema.ts';
import { cleanEnvironment } from '../support/environment.ts';
import { startProcess } from '../support/live-process.ts';
import { needNamespace, needProgram } from '../support/needs.ts';
import { reservePorts } from '../support/port-block.ts';
import { startPortWorker } from '../support/port-worker.ts';
import { startTerminal, type Terminal } from '../support/terminal.ts';
import { until } from '../support/until.ts';

const COMMAND = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
const FAILING = fileURLToPath(new URL('failing-watch.program.ts', import.meta.url));
const WATCH = [COMMAND, 'status', '--watch', '--interval', '0.1'];
const FOOTER = /Every 0\.1 s, now \d\d:\d\d:\d\d\. q ends it\.$/;

interface Shell extends AsyncDisposable {
  readonly terminal: Terminal;
  /** Of the watching process. */
  readonly pid: number;
}

/** A shell that has written something before, and goes on after the program. */
async function openShell(
  context: TestContext,
  args: readonly string[],
  { rows = 300, wrapper = [] }: { readonly rows?: number; readonly wrapper?: readonly string[] } = {},
): Promise<Shell> {
  const tmux = needProgram(context, 'tmux');
  const folder = mkdtempSync(path.join(tmpdir(), 'portslice-watch-'));
  const pidFile = path.join(folder, 'pid');
  const script = `echo 'what was there before'; sh -c 'echo $$ > "$0"; exec "$@"' '${pidFile}' "$0" "$@"; echo "ended with $?"; exec sleep 1000`;
  const command = [...wrapper, 'sh', '-c', script, process.execPath, ...args];
  const terminal = startTerminal(tmux, command, { columns: 120, rows, env: cleanEnvironment() });
  await until(
    'the program has begun',
    () => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n'),
  );
  return {
    terminal,
    pid: Number(readFileSync(pidFile, 'utf8')),
    [Symbol.asyncDispose]: async () => {
      await terminal[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

async function expectAsBefore({ terminal }: Shell, exitCode: number): Promise<void> {
  const screen = await terminal.waitFor(/ended with/);
  expect(screen).toBe(`what was there before\nended with ${exitCode}`);
  expect(terminal.isOnAlternateScreen()).toBe(false);
  expect(terminal.cursorIsVisible()).toBe(true);
}

test('The screen follows what happens and the size of the terminal, and is as it was after q', async (context) => {
  await using block = await reservePorts(3);
  // Alone there: the pools of other tests, or none of them, may fill the screen or not.
  await using shell = await openShell(context, WATCH, { wrapper: needNamespace(context) });
  const { terminal } = shell;
  expect((await terminal.waitFor(FOOTER)).split('\n').at(-1)).toMatch(FOOTER);
  expect(terminal.isOnAlternateScreen()).toBe(true);
  expect(terminal.cursorIsVisible()).toBe(false);
  const wrapper = ['nsenter', '--net', '--target', String(shell.pid)];
  const worker = startPortWorker({ env: { PORTSLICE_PORTS: block.spec }, wrapper });
  const label = 'watched שלום \u001b[2J漢字';
  const port = await worker.call('claim', { label });
  const row = new RegExp(`${worker.pid} .*${port} .*watched שלום 漢字`);
  await terminal.waitFor(row);
  await worker.call('listen', port);
  await terminal.waitFor(new RegExp(`${worker.pid} .*${port} .* itself$`, 'm'));
  terminal.resize(50, 5);
  await until('it fits', () => {
    const lines = terminal.screen().split('\n');
    return lines.length <= 5 && lines.at(-1)?.startsWith('There is more than fits. Every 0.1 s') === true;
  });
  terminal.resize(120, 300);
  await terminal.waitFor(row);
  await worker.kill();
  await until('it is gone', () => !row.test(terminal.screen()));
  // In place: nothing has left the screen at its top.
  expect(terminal.history().split('\n').length).toBeLessThanOrEqual(300);
  terminal.press('q');
  await expectAsBefore(shell, 0);
});

test('Ctrl-C ends it, and the screen is as it was', async (context) => {
  await using shell = await openShell(context, WATCH);
  await shell.terminal.waitFor(FOOTER);
  shell.terminal.press('C-c');
  await expectAsBefore(shell, 130);
});

test.for<readonly [signal: NodeJS.Signals, exitCode: number]>([
  ['SIGTERM', 143],
  ['SIGINT', 130],
  ['SIGHUP', 129],
])('%s ends it, and the screen is as it was', async ([signal, exitCode], context) => {
  await using shell = await openShell(context, WATCH);
  await shell.terminal.waitFor(FOOTER);
  process.kill(shell.pid, signal);
  await expectAsBefore(shell, exitCode);
});

test('An error ends it, is told, and the screen is as it was', async (context) => {
  await using shell = await openShell(context, [FAILING, 'throws']);
  const screen = await shell.terminal.waitFor(/ended with 1/);
  expect(screen).toMatch(/^what was there before\n[^]*Error: it cannot be read any more/);
  expect(screen).not.toMatch(/status \d/);
  expect(shell.terminal.isOnAlternateScreen()).toBe(false);
  expect(shell.terminal.cursorIsVisible()).toBe(true);
});

test('A process that exits in the middle of it leaves the screen as it was', async (context) => {
  await using shell = await openShell(context, [FAILING, 'exits']);
  await expectAsBefore(shell, 7);
});

test('It ends with its terminal', async (context) => {
  const shell = await openShell(context, WATCH);
  await shell.terminal.waitFor(FOOTER);
  await shell[Symbol.asyncDispose]();
  await until('it has ended', () => !platform.isRunning(shell.pid));
  expect(platform.isRunning(shell.pid)).toBe(false);
});

test('Where no terminal reads it prints a line of JSON whenever something has changed', async () => {
  await using block = await reservePorts(1);
  await using watch = startProcess([process.execPath, ...WATCH, '--json'], {
    env: cleanEnvironment(),
    stdout: 'pipe',
  });
  const seen: MachineStatus[] = [];
  const lines = createInterface({ input: watch.child.stdout as NodeJS.ReadableStream });
  lines.on('line', (line) => seen.push(JSON.parse(line) as MachineStatus));
  const shows = (processId: number): boolean =>
    seen.at(-1)?.pools.some((pool) => pool.process.processId === processId) === true;
  await until('it has begun', () => seen.length > 0);
  const worker = startPortWorker({ env: { PORTSLICE_PORTS: block.spec } });
  await worker.call('claim', { label: '\u009b31m\u202e' });
  await until('the worker is there', () => shows(worker.pid));
  await worker.kill();
  await until('the worker is gone', () => !shows(worker.pid));
  for (const status of seen) expect(findSchemaProblem('status.schema.json', status)).toBeUndefined();
  const texts = seen.map((status) => JSON.stringify({ ...status, readAtMs: 0 }));
  for (const [at, text] of texts.entries()) expect(text).not.toBe(texts[at + 1]);
  process.kill(watch.pid, 'SIGTERM');
  expect(await watch.exit).toEqual({ code: null, signal: 'SIGTERM', stderr: '' });
});

test('It ends when its reader has enough', async () => {
  await using block = await reservePorts(1);
  await using watch = startProcess([process.execPath, ...WATCH], { env: cleanEnvironment(), stdout: 'pipe' });
  const { stdout } = watch.child;
  const [first] = (await once(stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  expect(first.toString()).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z\n\P{Cc}+\n/u);
  stdout?.destroy();
  await using worker = startPortWorker({ env: { PORTSLICE_PORTS: block.spec } });
  await worker.call('claim');
  expect(await watch.exit).toEqual({ code: 0, signal: null, stderr: '' });
});
