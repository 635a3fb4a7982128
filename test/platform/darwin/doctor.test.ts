/** `portslice doctor`, as the machines of the stand-in differ. */
import { expect, test } from 'vitest';
import { withTraits } from '../../support/darwin/machine-variables.ts';
import { runDoctor } from '../../support/run-doctor.ts';

const TIMEOUT_MS = 120_000;
const noHold = expect.stringMatching(
  /^weaker: {2}Nobody else gets a claimed port .*: this system has no hold, /,
) as string;

test('A Mac has no hold, and keeps everything else', { timeout: TIMEOUT_MS }, async () => {
  const { exitCode, weaker, ok, wiring, output } = await runDoctor({});
  expect(weaker).toEqual([noHold]);
  expect(ok).toHaveLength(12);
  expect(output).toMatch(/^system: +macOS /m);
  expect(wiring).toContainEqual(expect.stringMatching(/^ok {7}The addon .*: @koromix\/koffi-darwin-/));
  expect(exitCode).toBe(0);
});

test('A Mac without fe80::1 locks in a file, and keeps as much', { timeout: TIMEOUT_MS }, async () => {
  const { exitCode, weaker } = await runDoctor({ env: withTraits('no-link-local') });
  expect(weaker).toEqual([noHold]);
  expect(exitCode).toBe(0);
});

test('A Mac that calls fe80::1 localhost is told to change that', { timeout: TIMEOUT_MS }, async () => {
  const { exitCode, weaker } = await runDoctor({ env: withTraits('localhost-is-link-local') });
  expect(weaker).toEqual([
    noHold,
    expect.stringMatching(/^weaker: {2}A server .*fe80::1%lo0 .*\/etc\/hosts\.$/),
  ]);
  expect(exitCode).toBe(0);
});

test('Ports in the ephemeral range are said to be kept by nothing', { timeout: TIMEOUT_MS }, async () => {
  const { exitCode, weaker } = await runDoctor({ env: { PORTSLICE_PORTS: '1024-65535' } });
  expect(weaker).toEqual([expect.stringMatching(/ servers will fail now and then/), noHold]);
  expect(exitCode).toBe(0);
});
