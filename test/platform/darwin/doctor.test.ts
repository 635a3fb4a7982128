/** `portslice doctor`, as the machines of the stand-in differ. */
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { type MachineTrait, withTraits } from '../../support/darwin/machine-variables.ts';
import { cleanEnvironment } from '../../support/environment.ts';
import { startProcess } from '../../support/live-process.ts';
import { reservePorts } from '../../support/port-block.ts';
import { projectFolder } from '../../support/run-script.ts';

const TIMEOUT_MS = 120_000;
const FLAGS = ['--timeout', String(TIMEOUT_MS / 2000)];

/** @returns the exit code and what is weaker */
async function runDoctor(
  traits: readonly MachineTrait[],
  ports?: string,
): Promise<readonly [code: number | null, weaker: readonly string[], output: string]> {
  await using block = await reservePorts(40);
  const { child, exit } = startProcess([process.execPath, 'src/cli.ts', 'doctor', ...FLAGS], {
    cwd: projectFolder,
    env: cleanEnvironment({ ...withTraits(...traits), PORTSLICE_PORTS: ports ?? block.spec }),
    stdout: 'pipe',
  });
  const [output, { code }] = await Promise.all([text(child.stdout as NodeJS.ReadableStream), exit]);
  return [code, output.match(/^weaker: .*$/gm) ?? [], output];
}

const noHold = expect.stringMatching(
  /^weaker: {2}Nobody else gets a claimed port .*: this system has no hold, /,
) as string;

test('A Mac has no hold, and keeps everything else', { timeout: TIMEOUT_MS }, async () => {
  const [code, weaker, output] = await runDoctor([]);
  expect(weaker).toEqual([noHold]);
  expect(output.match(/^ok /gm)).toHaveLength(12);
  expect(output).toMatch(/^system: +macOS /m);
  expect(code).toBe(0);
});

test('A Mac without fe80::1 locks in a file, and keeps as much', { timeout: TIMEOUT_MS }, async () => {
  const [code, weaker] = await runDoctor(['no-link-local']);
  expect(weaker).toEqual([noHold]);
  expect(code).toBe(0);
});

test('A Mac that calls fe80::1 localhost is told to change that', { timeout: TIMEOUT_MS }, async () => {
  const [code, weaker] = await runDoctor(['localhost-is-link-local']);
  expect(weaker).toEqual([
    noHold,
    expect.stringMatching(/^weaker: {2}A server .*fe80::1%lo0 .*\/etc\/hosts\.$/),
  ]);
  expect(code).toBe(0);
});

test('Ports in the ephemeral range are said to be kept by nothing', { timeout: TIMEOUT_MS }, async () => {
  const [code, weaker] = await runDoctor([], '1024-65535');
  expect(weaker).toEqual([expect.stringMatching(/ servers will fail now and then/), noHold]);
  expect(code).toBe(0);
});
