/** Without a hold a stranger can have a claimed port before its server does. He is named all the same. */
import { expect, test } from 'vitest';
import { ForeignListenerError, TCPPortOwner, waitForListening } from '../../../src/index.ts';
import { PortDispenser } from '../../../src/plugin/port-dispenser.ts';
import { errorOf } from '../../support/catch-error.ts';
import { startServer } from '../../support/listening-server.ts';
import { startProcess } from '../../support/live-process.ts';
import { scriptOutput } from '../../support/run-script.ts';
import { openTestPool } from '../../support/test-pool.ts';
import { collectWarnings } from '../../support/warnings.ts';

test('A wait for a server names the stranger who listens in its place', async () => {
  await using _pool = await openTestPool(1);
  using owner = new TCPPortOwner();
  await using stranger = await startServer(owner.port);
  await using other = startProcess(['sleep', '600']);
  const error = await errorOf(ForeignListenerError, () => waitForListening(owner, { pid: other.pid }));
  expect(error.message).toContain(`Port ${owner.port} is listened on by pid ${stranger.pid} (`);
  await stranger.stop();
});

test('A test that failed with EADDRINUSE on its own port is told who listens there', async () => {
  await using _pool = await openTestPool(1);
  using warnings = collectWarnings();
  const dispenser = new PortDispenser({
    fixture: 'port',
    label: 'pays',
    defaults: {},
    testTimeoutMs: 0,
    scope: 'test',
    onAcquire: () => undefined,
  });
  const owner = await dispenser.acquire();
  await using stranger = await startServer(owner.port);
  dispenser.explainFailure([`listen EADDRINUSE: address already in use :::${owner.port}`]);
  expect(await warnings.withCode('PORTSLICE_ADDRESS_IN_USE')).toEqual([
    expect.stringMatching(
      new RegExp(
        `port ${owner.port}: pid ${stranger.pid} .*listens on it\\. Stop that process, or exclude the port with PORTSLICE_EXCLUDED_PORTS\\. More: npx portslice who ${owner.port}$`,
      ),
    ),
  ]);
  await stranger.stop();
  await dispenser.releaseAll(true);
});

test('A port that is released while a stranger listens on it is a leak that names him', async () => {
  await using _pool = await openTestPool(1);
  using warnings = collectWarnings();
  const owner = new TCPPortOwner();
  await using stranger = await startServer(owner.port);
  owner.cleanup();
  expect(await warnings.withCode('PORTSLICE_LEAK')).toEqual([
    expect.stringContaining(`but pid ${stranger.pid} (`),
  ]);
});

test('A spec in the ephemeral range is warned of more strongly where there is no hold', async () => {
  const script = `
    const { getEphemeralTCPPortRange, getServerTCPPorts } = await import('./src/index.ts');
    const warnings = [];
    process.on('warning', ({ code, message }) => warnings.push([code, message]));
    const [min] = getEphemeralTCPPortRange();
    getServerTCPPorts({ ports: \`\${min}-\${min + 9}\` });
    await new Promise((resolve) => setImmediate(resolve));
    console.log(JSON.stringify(warnings));`;
  expect(await scriptOutput(script)).toEqual([
    [
      'PORTSLICE_EPHEMERAL_OVERLAP',
      expect.stringMatching(/^10 ports of the option 'ports' lie .* servers will fail now and then.* Move /),
    ],
  ]);
});
