/** The fixtures for servers. */
import * as vitest from 'vitest';
import type { TestContext } from 'vitest';
import type { StartServerOptions } from '../../server/server-options.ts';
import type { Server } from '../../server/server.ts';
import { noServerError } from '../open-servers.ts';
import type { PortOptions } from '../port-dispenser.ts';
import type { Servers } from '../server-dispenser.ts';
import { closeFileServers, openFileServers, openTestServers } from './test-servers.ts';

export interface ServerFixtures {
  /** A server of this test's own: the one that `serverOptions` describes. Stopped at the end of the test. */
  server: Server;
  /** Any number of servers, stopped at the end of the test. */
  servers: Servers;
  /** What `server` starts: `test.extend({ serverOptions: { command: [...] } })`, or `provide` in the configuration. */
  serverOptions: StartServerOptions | undefined;
  /** A server of this test file's own: the one that `fileServerOptions` describes. */
  fileServer: Server;
  /** What `fileServer` starts. */
  fileServerOptions: StartServerOptions | undefined;
  /** A server of this worker's own: the one that `workerServerOptions` describes. With isolation a worker is a file. */
  workerServer: Server;
  /** Any number of servers, stopped at the end of the worker. */
  workerServers: Servers;
  /** What `workerServer` starts. */
  workerServerOptions: StartServerOptions | undefined;
}

/** What the configuration can say: without functions, since it is sent to the workers. */
export interface ProvidedServerOptions extends Omit<StartServerOptions, 'command' | 'ready' | 'signal'> {
  readonly command: readonly string[] | string;
  readonly ready?: Exclude<StartServerOptions['ready'], (...args: never[]) => unknown>;
}

type Use<T> = (value: T) => Promise<void>;
type OfTest = TestContext & Pick<ServerFixtures, 'serverOptions'> & { portOptions: PortOptions };

/** With options, though it has no value: Vitest would take an array for the value of the fixture. */
const OPTION = [undefined as StartServerOptions | undefined, { injected: true }];

/** Vitest has no type of its own for such an object; `portFixtures` has ours. */
export const serverFixtures: Record<keyof ServerFixtures, unknown> = {
  serverOptions: OPTION,
  fileServerOptions: [OPTION[0], { injected: true, scope: 'file' }],
  workerServerOptions: [OPTION[0], { injected: true, scope: 'worker' }],

  servers: async (
    { portOptions, serverOptions, task, annotate, onTestFinished }: OfTest,
    use: Use<Servers>,
  ): Promise<void> => {
    const context = { task, annotate, onTestFinished };
    await use(await openTestServers('servers', context, portOptions, serverOptions));
  },

  server: async (
    { portOptions, serverOptions, task, annotate, onTestFinished }: OfTest,
    use: Use<Server>,
  ): Promise<void> => {
    if (serverOptions === undefined) return use(await nothingToStart('server'));
    const context = { task, annotate, onTestFinished };
    const servers = await openTestServers('server', context, portOptions, serverOptions);
    await use(await servers.start());
  },

  fileServer: [
    async (
      { fileServerOptions }: Pick<ServerFixtures, 'fileServerOptions'>,
      use: Use<Server>,
    ): Promise<void> => useFileServer('fileServer', fileServerOptions, use),
    { scope: 'file' },
  ],

  workerServers: [
    async (
      { workerServerOptions }: Pick<ServerFixtures, 'workerServerOptions'>,
      use: Use<Servers>,
    ): Promise<void> => {
      const servers = await openFileServers('workerServers', workerServerOptions);
      await use(servers);
      await closeFileServers(servers);
    },
    { scope: 'worker' },
  ],

  workerServer: [
    async (
      { workerServerOptions }: Pick<ServerFixtures, 'workerServerOptions'>,
      use: Use<Server>,
    ): Promise<void> => useFileServer('workerServer', workerServerOptions, use),
    { scope: 'worker' },
  ],
};

async function useFileServer(
  fixture: string,
  options: StartServerOptions | undefined,
  use: Use<Server>,
): Promise<void> {
  if (options === undefined) return use(await nothingToStart(fixture));
  const servers = await openFileServers(fixture, options);
  try {
    await use(await servers.start());
  } finally {
    await closeFileServers(servers);
  }
}

/**
 * Before Vitest 4.1 a fixture `server` of the user's own does not take the place of ours: both are made, and theirs is seen.
 * There ours may fail only when it is used.
 * @throws InvalidOptionError
 */
async function nothingToStart(fixture: string): Promise<Server> {
  const error = await noServerError(fixture, `${fixture}Options`);
  if ('aroundEach' in vitest) throw error;
  const get = (_server: object, name: string | symbol): undefined => {
    // Whether it is a promise is asked by whoever awaits it.
    if (name !== 'then' && typeof name === 'string') throw error;
  };
  return new Proxy({}, { get }) as Server;
}
