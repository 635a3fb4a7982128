import { afterEach, describe, expect, test } from 'vitest';
import { withRunPorts } from '../../src/plugin/playwright/run-port-servers.ts';
import { ownRunPorts } from '../../src/server/run-ports/own-run-ports.ts';

const KEY = Symbol.for('portslice/run-ports/1');
const FOLDER = { path: '/shop', id: '0123456789abcdef' };

interface Changed {
  readonly webServer?: unknown;
  readonly '@playwright/test'?: { readonly plugins: readonly (() => { setup(): Promise<void> })[] };
}

/** As if the configuration had called runPort. */
function remember(name: string, port: number, joinedProcessId?: number): void {
  ownRunPorts().remember({ name, folder: FOLDER, port, claim: undefined, joinedProcessId });
}

function change(config: object): Changed {
  return withRunPorts(config) as Changed;
}

describe('A configuration with run ports', () => {
  afterEach(() => {
    delete (process as { [KEY]?: unknown })[KEY];
  });

  test('is left alone where there are none', () => {
    const config = { webServer: { command: 'npm start', port: 3000 } };
    expect(withRunPorts(config)).toBe(config);
  });

  test('gives a webServer its port, one or a list, by port or by URL', () => {
    remember('web', 20_123);
    remember('api', 20_124);
    const web = { command: 'npm start', port: 20_123 };
    const api = { command: 'npm start', url: 'http://localhost:20124/health' };
    const other = { command: 'npm start', port: 3000 };
    expect(change({ webServer: web }).webServer).toEqual({ ...web, env: { PORT: '20123' } });
    expect(change({ webServer: [web, api, other] }).webServer).toEqual([
      { ...web, env: { PORT: '20123' } },
      { ...api, env: { PORT: '20124' } },
      other,
    ]);
  });

  test('leaves what a webServer says of PORT', () => {
    remember('web', 20_123);
    const env = { PORT: '1', OTHER: '2' };
    expect(change({ webServer: { command: 'npm start', port: 20_123, env } }).webServer).toMatchObject({
      env,
    });
  });

  test('has its own plug-ins after ours, and no webServer if there was none', () => {
    remember('web', 20_123);
    const theirs = 'a plug-in of theirs';
    const changed = change({ '@playwright/test': { plugins: [theirs], other: 1 } });
    expect(changed['@playwright/test']).toEqual({ plugins: [expect.any(Function), theirs], other: 1 });
    expect(changed).not.toHaveProperty('webServer');
  });

  test('reuses a server that was joined, unless it says otherwise, which is an error when the run starts', async () => {
    remember('web', 20_123, 4711);
    const webServer = { command: 'npm start', port: 20_123 };
    expect(change({ webServer }).webServer).toEqual({
      ...webServer,
      reuseExistingServer: true,
      // For the case that it has ended until then.
      env: { PORT: '20123' },
    });
    const refused = change({ webServer: { ...webServer, reuseExistingServer: false } });
    await expect(refused['@playwright/test']?.plugins[0]?.().setup()).rejects.toMatchObject({
      code: 'PORTSLICE_INVALID_OPTION',
      option: 'webServer.reuseExistingServer',
    });
  });
});
