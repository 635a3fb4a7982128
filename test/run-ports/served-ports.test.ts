/** Whose server is joined: what the kernel's tables prove, and nothing that anybody can write. */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { platform } from '../../src/platform/platform.ts';
import { findServer } from '../../src/server/run-ports/served-ports.ts';
import { startServer } from '../support/listening-server.ts';
import { isRoot } from '../support/namespaces.ts';
import { reservePorts } from '../support/port-block.ts';
import { startServing } from './support.ts';

const OTHER_USER = 65_534;

/** The id of a folder that no other test has. */
function newFolder(): string {
  return randomBytes(8).toString('hex');
}

describe('A served port', () => {
  test('is found by its folder and name, until its process ends', async () => {
    await using serving = startServing();
    const folder = newFolder();
    const served = { folder, name: 'web', port: 20_123, isReady: true };
    await serving.call('announce', { ...served, isReady: false });
    await serving.call('announce', served);
    const found = platform.findServedPorts(folder, 'web');
    expect(found).toHaveLength(2);
    expect(found).toEqual(
      expect.arrayContaining([
        { ...served, isReady: false, processId: serving.pid },
        { ...served, processId: serving.pid },
      ]),
    );
    expect(platform.findServedPorts(folder, 'we')).toEqual([]);
    expect(platform.findServedPorts(newFolder(), 'web')).toEqual([]);
    await serving.kill();
    expect(platform.findServedPorts(folder, 'web')).toEqual([]);
  });

  test('is served by one process at a time', async () => {
    await using first = startServing();
    await using second = startServing();
    const folder = newFolder();
    expect(await first.call('takeName', folder, 'web')).toBe(true);
    expect(await second.call('takeName', folder, 'web')).toBe(false);
    expect(await second.call('takeName', folder, 'api')).toBe(true);
    await first.kill();
    expect(await second.call('takeName', folder, 'web')).toBe(true);
  });

  test("is not believed where the name gives another process's number", async () => {
    await using serving = startServing();
    await using other = startServing();
    await other.ready;
    const folder = newFolder();
    await serving.call('announce', { folder, name: 'web', port: 20_123, isReady: true }, other.pid);
    await serving.call('announce', { folder, name: 'api', port: 20_123, isReady: true }, 4_000_000);
    expect(platform.findServedPorts(folder, 'web')).toEqual([]);
    expect(platform.findServedPorts(folder, 'api')).toEqual([]);
  });

  test.skipIf(!isRoot)("is not believed of another user's process", async () => {
    await using serving = startServing();
    const folder = newFolder();
    await serving.call('become', OTHER_USER);
    await serving.call('announce', { folder, name: 'web', port: 20_123, isReady: true });
    expect(platform.findServedPorts(folder, 'web')).toEqual([]);
  });
});

describe('A server that is joined', { timeout: 40_000 }, () => {
  test('listens, and is ready', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    await using serving = startServing();
    const folder = { path: '/shop', id: newFolder() };
    expect(findServer(folder, 'web')).toBeUndefined();
    await serving.call('listen', port);
    await serving.call('announce', { folder: folder.id, name: 'web', port, isReady: false });
    expect(findServer(folder, 'web')).toBeUndefined();
    await serving.call('announce', { folder: folder.id, name: 'web', port, isReady: true });
    expect(findServer(folder, 'web')).toMatchObject({ port, processId: serving.pid });
    expect(findServer(folder, 'WEB')).toMatchObject({ port });
    expect(findServer(folder, 'web', (other) => other !== port)).toBeUndefined();
    await serving.kill();
    expect(findServer(folder, 'web')).toBeUndefined();
  });

  test('is not a stranger who listens in its place', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    await using serving = startServing();
    await using _stranger = await startServer(port);
    const folder = { path: '/shop', id: newFolder() };
    await serving.call('announce', { folder: folder.id, name: 'web', port, isReady: true });
    expect(findServer(folder, 'web')).toBeUndefined();
  });
});
