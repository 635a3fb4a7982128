/** Text of others in lines of the trace: a terminal obeys none of it, and each event stays one line. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { reservePorts } from '../support/port-block.ts';
import { runToSuccess } from '../support/run-script.ts';
import { traceLines } from '../support/trace-lines.ts';

/** A title for the window, an empty screen, a new line, formats of `console.log`, the other direction, half a pair, Hebrew. */
const HOSTILE = '\u001b]0;owned\u0007\u001b[2J\r\n%s %o %% \u202eevil\u2066 \ud800 \u05e9\u05dc\u05d5\u05dd';
const OBEYED = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e]/u;

/** Of a script, whose stderr is nothing but lines of the trace. */
async function textsOf(code: string): Promise<string[]> {
  await using block = await reservePorts(3);
  const { stderr } = await runToSuccess(
    `const HOSTILE = ${JSON.stringify(HOSTILE)}; const { TCPPortOwner, startServer, runPort } = await import('./src/index.ts'); ${code}`,
    {
      env: { DEBUG: 'portslice:*', PORTSLICE_PORTS: block.spec },
      nodeOptions: ['--no-warnings'],
    },
  );
  expect(stderr.replaceAll('\n', '')).not.toMatch(OBEYED);
  return traceLines(stderr).map(({ text }) => text);
}

test('A label is shown without what a terminal obeys, and does not turn what follows it', async () => {
  const texts = await textsOf('new TCPPortOwner({ label: HOSTILE }).cleanup();');
  const shown = "\u2068' %s %o %% evil \ufffd \u05e9\u05dc\u05d5\u05dd'\u2069";
  expect(texts[1]?.replace(/^\d+ /, '')).toBe(`claimed in N ms, slice 0, ${shown}`);
  expect(texts[2]?.replace(/^\d+ /, '')).toBe(`released after N ms, slice 0, ${shown}`);
});

test('A label of 10,000 characters is cut', async () => {
  const texts = await textsOf("new TCPPortOwner({ label: 'x'.repeat(10_000) });");
  expect(texts[1]).toMatch(/, 'x{100,118}…$/);
});

test('So are the names of servers, their errors, and folders', async () => {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'portslice-hostile-')));
  const hostile = path.join(folder, HOSTILE.replaceAll('/', '').replace('\ud800', ''));
  mkdirSync(hostile);
  writeFileSync(path.join(hostile, 'package.json'), '{}');
  const texts = await textsOf(`
    await startServer({ command: () => { throw new Error(HOSTILE); }, label: HOSTILE }).catch(() => {});
    await startServer({ command: [process.execPath, '-e', 'process.exit(1)', HOSTILE.replaceAll(/[^ -~]/g, '') + '{port}'] }).catch(() => {});
    runPort('web', { folder: ${JSON.stringify(hostile)} });
  `);
  rmSync(folder, { recursive: true });
  const shown = '\u2068%s %o %% evil \ufffd \u05e9\u05dc\u05d5\u05dd\u2069';
  expect(texts).toContainEqual(expect.stringMatching(`'${shown}' is not ready after N ms: ${shown}$`));
  expect(texts).toContainEqual(expect.stringMatching(/%s %o %% evil .* is not ready .* \(exit code 1\)/));
  expect(texts).toContainEqual(expect.stringMatching(/ 'web' in \u2068.*evil.*\u2069: claimed$/));
});
