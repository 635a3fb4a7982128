/** The fixtures for Vitest, in the object form of `test.extend`, which every supported version has. */
import { test as base, type RunnerTestCase, type TestAPI, type TestContext } from 'vitest';
import type { TCPPortOwner } from '../../pool/api/tcp-port-owner.ts';
import { openDispenser } from '../open-dispenser.ts';
import type { PortDispenser, PortOptions, Ports, PortUse } from '../port-dispenser.ts';
import { currentFile, defaultTestTimeoutMs } from './worker-state.ts';

export interface PortFixtures {
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
  }
  interface ProvidedContext {
    portOptions?: PortOptions;
  }
}

type Use<T> = (value: T) => Promise<void>;
type Task = Readonly<RunnerTestCase>;

const fixtures = {
  portOptions: [{} as PortOptions, { injected: true }],

  ports: async (
    { portOptions, task, annotate, onTestFinished }: { portOptions: PortOptions } & TestContext,
    use: Use<Ports>,
  ): Promise<void> => {
    await releaseForgotten();
    const dispenser = await openDispenser({
      fixture: 'ports',
      label: titleOf(task),
      defaults: portOptions,
      testTimeoutMs: task.timeout,
      servesOneTest: true,
      onAcquire: (port) => noteUse(task, port),
    });
    const finish = async (): Promise<void> => {
      unreleased.delete(task);
      await dispenser.releaseAll(task.result?.state === 'fail');
    };
    unreleased.set(task, finish);
    // Registered first, it runs last: after the teardown of all fixtures and the user's own onTestFinished hooks.
    onTestFinished(finish);
    await use(dispenser);
    const errors = task.result?.errors ?? [];
    if (errors.length === 0 || task.result?.state !== 'fail') return;
    dispenser.explainFailure(errors.map((error) => error.message));
    // A test must not fail because its port is shown in one place less: the meta has it.
    await Promise.allSettled(dispenser.uses.map(async (port) => annotateFailure(task, annotate, port)));
  },

  port: async ({ ports }: { ports: Ports }, use: Use<TCPPortOwner>): Promise<void> => {
    const [owner] = await (ports as PortDispenser).acquireFor('port', 1);
    await use(owner as TCPPortOwner);
  },

  filePort: [
    // oxlint-disable-next-line no-empty-pattern
    async ({}: object, use: Use<TCPPortOwner>): Promise<void> => {
      const dispenser = await openScope('filePort');
      await use(await dispenser.acquire());
      await closeScope(dispenser);
    },
    { scope: 'file' },
  ],

  workerPorts: [
    // oxlint-disable-next-line no-empty-pattern
    async ({}: object, use: Use<Ports>): Promise<void> => {
      const dispenser = await openScope('workerPorts');
      await use(dispenser);
      await closeScope(dispenser);
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

  // The fixtures of a file or worker do not know the test, so each test notes the ports that it may have used.
  _portsliceReport: [
    async ({ task }: TestContext, use: Use<void>): Promise<void> => {
      await use(undefined);
      for (const dispenser of scopeDispensers) for (const port of dispenser.uses) noteUse(task, port);
    },
    { auto: true },
  ],
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

/** The dispensers of files and workers that are in use. */
const scopeDispensers = new Set<PortDispenser>();
/** How to release the ports of tests that have not been released yet. */
const unreleased = new Map<Task, () => Promise<void>>();

async function openScope(fixture: string): Promise<PortDispenser> {
  const dispenser = await openDispenser({
    fixture,
    label: `${fixture} of ${currentFile()}`,
    defaults: {},
    testTimeoutMs: defaultTestTimeoutMs(),
    servesOneTest: false,
    onAcquire: () => undefined,
  });
  scopeDispensers.add(dispenser);
  return dispenser;
}

async function closeScope(dispenser: PortDispenser): Promise<void> {
  scopeDispensers.delete(dispenser);
  await dispenser.releaseAll(false);
}

/**
 * The backstop for a test whose onTestFinished hooks never ran (an aroundEach hook that throws, say): a test that has a
 * duration has ended. Its ports are taken back before the next ones are handed out.
 */
async function releaseForgotten(): Promise<void> {
  for (const [task, finish] of unreleased) if (task.result?.duration !== undefined) await finish();
}

function noteUse(task: Task, port: PortUse): void {
  (task.meta.portslice ??= []).push(port);
}

/**
 * Vitest takes annotations while a test runs only, but knows only afterwards that it has failed, and only failures show
 * them. In every test one would be a message to the main process that is waited for: more than all else of a port's time.
 * So the test counts as running once more, while the call looks at it.
 */
async function annotateFailure(
  task: Task,
  annotate: TestContext['annotate'],
  { port, fixture }: PortUse,
): Promise<void> {
  const result = task.result as { state: string };
  const { state } = result;
  let annotating: Promise<unknown>;
  try {
    result.state = 'run';
    annotating = annotate(`TCP port ${port} (${fixture})`, 'port');
  } finally {
    result.state = state;
  }
  await annotating;
}

function titleOf(task: Task): string {
  const titles: string[] = [task.name];
  for (let suite = task.suite; suite !== undefined; suite = suite.suite) titles.unshift(suite.name);
  return [task.file.name, ...titles].join(' > ');
}
