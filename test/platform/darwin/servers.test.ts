/** Servers and `portslice run` need process trees, which only Linux has. Run ports are claimed all the same. */
import { expect, test } from 'vitest';
import { runCommand } from '../../../src/cli/run-command.ts';
import { startServer, UnsupportedPlatformError } from '../../../src/index.ts';
import { platform } from '../../../src/platform/platform.ts';
import { serverPlatform } from '../../../src/platform/server-platform.ts';
import { errorOf } from '../../support/catch-error.ts';
import { scriptOutput } from '../../support/run-script.ts';
import { openTestPool } from '../../support/test-pool.ts';

const COMMAND = [process.execPath, '-e', ''];

test.each([
  ['a command', { command: COMMAND }],
  ['a function', { command: () => undefined }],
  ['a command that inherits its socket', { command: COMMAND, listen: 'inherit' }],
])('a server that is %s is a typed error, before a port is claimed', async (_what, options) => {
  await using opened = await openTestPool(1);
  const error = await errorOf(UnsupportedPlatformError, () => startServer(options as never));
  expect(error).toMatchObject({ code: 'PORTSLICE_UNSUPPORTED_PLATFORM', platform: 'darwin' });
  expect(error.message).toContain('Starting servers is not implemented');
  expect(opened.pool.stats().lifetimeTotalAllocatedPorts).toBe(0);
});

test('what servers are made of is a typed error of its own', async () => {
  const kernel = platform.openKernel();
  await errorOf(UnsupportedPlatformError, () => serverPlatform.openProcessTree());
  await errorOf(UnsupportedPlatformError, () => serverPlatform.openHandedSocket(20_000, '', 'dual'));
  await errorOf(UnsupportedPlatformError, () => kernel.takeServedName('folder', 'web'));
  await errorOf(UnsupportedPlatformError, () =>
    kernel.announceServedPort({ folder: 'folder', name: 'web', port: 20_000, processId: 1, isReady: true }),
  );
  expect(platform.findServedPorts('folder', 'web')).toEqual([]);
  expect(platform.findUDPUsers(20_000)).toBeUndefined();
});

test('`portslice run` is a typed error, before its port is claimed', async () => {
  const request = {
    ports: [{ name: 'web', port: undefined }],
    ready: undefined,
    hold: true,
    command: COMMAND,
  };
  const error = await errorOf(UnsupportedPlatformError, () => runCommand(request));
  // The name, which comes before the port, would be told otherwise.
  expect(error.message).toContain('Starting servers is not implemented');
});

test('a run port is claimed, once', async () => {
  const script = `
    const { runPort } = await import('./src/index.ts');
    console.log(JSON.stringify([process.platform, runPort('web'), runPort('WEB')]));`;
  const [name, port, again] = await scriptOutput<[string, number, number]>(script);
  expect(name).toBe('darwin');
  expect(port).toBeGreaterThan(1023);
  expect(again).toBe(port);
});
