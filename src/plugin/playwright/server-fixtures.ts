/**
 * The fixtures for servers. Playwright's own fixtures, which every test and every hook has, ask for `baseURL`: it claims the
 * ports of the server and starts nothing. The server is started by whoever would connect to it: `context`, `request`, `server`.
 */
import type { Fixtures, PlaywrightTestArgs, PlaywrightTestOptions } from '@playwright/test';
import type { StartServerOptions } from '../../server/server-options.ts';
import type { Server } from '../../server/server.ts';
import { noServerError } from '../open-servers.ts';
import type { PortOptions } from '../port-dispenser.ts';
import type { OwnServer, Servers } from '../server-dispenser.ts';
import { endTestServers, openTestServers } from './test-servers.ts';
import { endWorkerServers, openWorkerServers } from './worker-servers.ts';

export interface ServerTestFixtures {
  /** A server of this test's own: the one that `serverOptions` describes. Stopped at the end of the test. */
  server: Server;
  /** Any number of servers, stopped at the end of the test. */
  servers: Servers;
  /**
   * What `server` starts, and where `page.goto('/')` and `request.get('/')` go:
   * `test.use({ serverOptions: { command: ['node', 'server.js', '{port}'] } })`.
   */
  serverOptions: StartServerOptions | undefined;
}

export interface ServerWorkerFixtures {
  /** A server of this worker's own: the one that `workerServerOptions` describes. */
  workerServer: Server;
  /** Any number of servers, stopped at the end of the worker. */
  workerServers: Servers;
  /** What `workerServer` starts, and where `page.goto('/')` goes in tests without `serverOptions`. */
  workerServerOptions: StartServerOptions | undefined;
}

/** Ours alone, and no part of the types that users see. Those of a server that is not described are undefined. */
interface OwnTestFixtures {
  _portsliceServer: OwnServer | undefined;
  _portsliceBaseServer: { readonly started: Promise<Server> | undefined };
}
interface OwnWorkerFixtures {
  _portsliceWorkerServer: OwnServer | undefined;
}

// A fixture with its own time-out is torn down even if another teardown hangs. 0: no limit.
const OWN = { timeout: 0, box: 'self' } as const;
/** What wraps a fixture of Playwright's is no step of the test, and has its time-out. */
const WRAPPER = { box: 'self', scope: 'test' } as const;

export const serverFixtures: Fixtures<
  ServerTestFixtures & OwnTestFixtures,
  ServerWorkerFixtures & OwnWorkerFixtures,
  PlaywrightTestArgs & PlaywrightTestOptions & { portOptions: PortOptions }
> = {
  serverOptions: [undefined, { option: true }],
  workerServerOptions: [undefined, { option: true, scope: 'worker' }],

  servers: [
    async ({ portOptions, serverOptions }, use, testInfo) => {
      const servers = await openTestServers('servers', testInfo, portOptions, serverOptions);
      await use(servers);
      await endTestServers(servers, testInfo);
    },
    { ...OWN, title: 'servers' },
  ],

  _portsliceServer: [
    async ({ portOptions, serverOptions }, use, testInfo) => {
      if (serverOptions === undefined) return use(undefined);
      const servers = await openTestServers('server', testInfo, portOptions, serverOptions);
      await use(await servers.claim(serverOptions));
      await endTestServers(servers, testInfo);
    },
    { ...OWN, title: 'server' },
  ],

  server: [
    async ({ _portsliceServer: own }, use) => {
      if (own === undefined) throw await noServerError('server', 'serverOptions');
      await use(await own.start());
    },
    { ...OWN, title: 'server' },
  ],

  workerServers: [
    async ({ workerServerOptions }, use, workerInfo) => {
      const servers = await openWorkerServers('workerServers', workerInfo, workerServerOptions);
      await use(servers);
      await endWorkerServers(servers);
    },
    { ...OWN, scope: 'worker', title: 'servers of the worker' },
  ],

  _portsliceWorkerServer: [
    async ({ workerServerOptions }, use, workerInfo) => {
      if (workerServerOptions === undefined) return use(undefined);
      const servers = await openWorkerServers('workerServer', workerInfo, workerServerOptions);
      await use(await servers.claim(workerServerOptions));
      await endWorkerServers(servers);
    },
    { ...OWN, scope: 'worker', title: 'server of the worker' },
  ],

  workerServer: [
    async ({ _portsliceWorkerServer: own }, use) => {
      if (own === undefined) throw await noServerError('workerServer', 'workerServerOptions');
      await use(await own.start());
    },
    { ...OWN, scope: 'worker', title: 'server of the worker' },
  ],

  // No option of ours: what the configuration says is the value that it overrides, and `test.use({ baseURL })` overrides it.
  baseURL: [
    async ({ baseURL, _portsliceServer: own, _portsliceWorkerServer: ofWorker }, use) => {
      await use((own ?? ofWorker)?.url ?? baseURL);
    },
    WRAPPER,
  ],

  // Begins while the browser makes the context.
  _portsliceBaseServer: [
    async ({ baseURL, _portsliceServer: own, _portsliceWorkerServer: ofWorker }, use) => {
      const started = [own, ofWorker].find((server) => isUnder(baseURL, server))?.start();
      // Whoever needs it awaits it, if nothing else fails before.
      started?.catch(() => undefined);
      await use({ started });
    },
    WRAPPER,
  ],

  context: [
    async ({ _portsliceBaseServer: { started }, context }, use) => {
      await started;
      await use(context);
    },
    WRAPPER,
  ],

  request: [
    async ({ _portsliceBaseServer: { started }, request }, use) => {
      await started;
      await use(request);
    },
    WRAPPER,
  ],
};

function isUnder(baseURL: string | undefined, server: OwnServer | undefined): boolean {
  if (baseURL === undefined || server === undefined) return false;
  return baseURL === server.url || baseURL.startsWith(`${server.url}/`);
}
