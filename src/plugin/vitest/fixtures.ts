/** The fixtures for Vitest, in the object form of `test.extend`, which every supported version has. */
import { test as base, type TestAPI, type TestContext } from 'vitest';
import type { TCPPortOwner } from '../../pool/api/tcp-port-owner.ts';
import { openDispenser } from '../open-dispenser.ts';
import type { PortDispenser, PortOptions, Ports, PortUse, ToldRun } from '../port-dispenser.ts';
import type { ServerUse } from '../server-dispenser.ts';
import { scopeHolder } from './current-scope.ts';
import { closeFilePorts, noteFileUses, openFilePorts } from './file-ports.ts';
import { type ProvidedServerOptions, serverFixtures, type ServerFixtures } from './server-fixtures.ts';
import { atEndOf, explainFailure, finishForgotten, hasFailed, testFacts } from './test-ports.ts';

export interface PortFixtures extends ServerFixtures {
  /** A port of this test's own. */
  port: TCPPortOwner;
  /** Any number of ports, released at the end of the test. */
  ports: Ports;
  /** Defaults for `port` and `ports`: `test.extend({ portOptions: { hold: false } })`, or `provide` in the configuration. */
  portOptions: PortOptions;
  /** A port of this test file's own. */
  filePort: TCPPortOwner;
  /** A port of this worker's own; with isolation a worker is a file. */
  workerPort: TCPPortOwner;
  /** Any number of ports, released at the end of the worker. */
  workerPorts: Ports;
}

declare module 'vitest' {
  interface TaskMeta {
    /** The ports of the test. */
    portslice?: PortUse[];
    /** The servers of the test. */
    portsliceServers?: ServerUse[];
    /** Of a file: what its worker knows of the run. */
    portsliceRun?: ToldRun;
  }
  interface ProvidedContext {
    portOptions?: PortOptions;
    serverOptions?: ProvidedServerOptions;
    fileServerOptions?: ProvidedServerOptions;
    workerServerOptions?: ProvidedServerOptions;
  }
}

type Use<T> = (value: T) => Promise<void>;

const fixtures = {
  portOptions: [{} as PortOptions, { injected: true }],

  ports: async (
    { portOptions, task, annotate, onTestFinished }: { portOptions: PortOptions } & TestContext,
    use: Use<Ports>,
  ): Promise<void> => {
    await finishForgotten();
    const dispenser = await openDispenser(testFacts('ports', task, portOptions));
    atEndOf(task, onTestFinished, (leaksFail) => dispenser.releaseAll(hasFailed(task), leaksFail));
    await use(dispenser);
    await explainFailure(dispenser, task, annotate);
  },

  port: async ({ ports }: { ports: Ports }, use: Use<TCPPortOwner>): Promise<void> => {
    const [owner] = await (ports as PortDispenser).acquireFor('port', 1);
    await use(owner as TCPPortOwner);
  },

  filePort: [
    // oxlint-disable-next-line no-empty-pattern
    async ({}: object, use: Use<TCPPortOwner>): Promise<void> => {
      const dispenser = await openFilePorts('filePort');
      await use(await dispenser.acquire());
      await closeFilePorts(dispenser, true);
    },
    { scope: 'file' },
  ],

  workerPorts: [
    // oxlint-disable-next-line no-empty-pattern
    async ({}: object, use: Use<Ports>): Promise<void> => {
      const dispenser = await openFilePorts('workerPorts');
      await use(dispenser);
      await closeFilePorts(dispenser, false);
    },
    { scope: 'worker' },
  ],

  workerPort: [
    async ({ workerPorts }: { workerPorts: Ports }, use: Use<TCPPortOwner>): Promise<void> => {
      const [owner] = await (workerPorts as PortDispenser).acquireFor('workerPort', 1);
      await use(owner as TCPPortOwner);
    },
    { scope: 'worker' },
  ],

  // For tests that our setup file does not wrap.
  _portsliceReport: [
    async ({ task }: TestContext, use: Use<void>): Promise<void> => {
      await use(undefined);
      noteFileUses(task);
      await scopeHolder().reportFileServers?.(task);
    },
    { auto: scopeHolder().wraps !== true },
  ],

  ...serverFixtures,
};

type Fixture<Name extends keyof PortFixtures> =
  | PortFixtures[Name]
  | ((context: Omit<PortFixtures, Name> & TestContext, use: Use<PortFixtures[Name]>) => Promise<void>);

/** For `test.extend<PortFixtures>(portFixtures)`. Vitest does not export its own type of such an object. */
export const portFixtures: {
  [Name in keyof PortFixtures]:
    | Fixture<Name>
    | [Fixture<Name>, { scope?: 'file' | 'worker'; injected?: boolean }];
} = fixtures as never;

/** Vitest's `test` with the port fixtures. */
export const test: TestAPI<PortFixtures> = base.extend<PortFixtures>(portFixtures);
