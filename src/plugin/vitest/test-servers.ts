/** The servers of tests and files, and what is shown of them. */
import type { TestContext } from 'vitest';
import type { StartServerOptions } from '../../server/server-options.ts';
import { openServers } from '../open-servers.ts';
import type { PortOptions } from '../port-dispenser.ts';
import type { ServerDispenser, ServerOutput } from '../server-dispenser.ts';
import { scopeHolder, type Task } from './current-scope.ts';
import { fileFacts } from './file-ports.ts';
import { annotateFailed, atEndOf, finishForgotten, hasFailed, testFacts } from './test-ports.ts';

/** Those of the test whose fixture asks. They are stopped after everything else of the test. */
export async function openTestServers(
  fixture: string,
  { task, annotate, onTestFinished }: Pick<TestContext, 'task' | 'annotate' | 'onTestFinished'>,
  defaults: PortOptions,
  options: StartServerOptions | undefined,
): Promise<ServerDispenser> {
  await finishForgotten();
  const servers = await openServers(testFacts(fixture, task, defaults), options);
  atEndOf(task, onTestFinished, async () => {
    if (hasFailed(task)) servers.explainFailure(errorMessages(task));
    await tellDeaths(servers, task);
    try {
      await servers.endAll(hasFailed(task));
    } finally {
      await reportServers(servers, task, annotate);
    }
  });
  return servers;
}

/** In use, of files and workers. */
const dispensers = new Set<ServerDispenser>();

export async function openFileServers(
  fixture: string,
  options: StartServerOptions | undefined,
): Promise<ServerDispenser> {
  const servers = await openServers(fileFacts(fixture), options);
  dispensers.add(servers);
  scopeHolder().reportFileServers = reportFileServers;
  return servers;
}

export async function closeFileServers(servers: ServerDispenser): Promise<void> {
  dispensers.delete(servers);
  await servers.endAll(false);
}

/** The servers of files and workers do not know the test, so each test tells of those that it may have used. */
async function reportFileServers(task: Task): Promise<void> {
  for (const servers of dispensers) {
    await tellDeaths(servers, task);
    await reportServers(servers, task, task.context.annotate);
  }
}

/** Beside the test's own error, in every report. */
async function tellDeaths(servers: ServerDispenser, task: Task): Promise<void> {
  const { result } = task;
  if (result?.state !== 'fail') return;
  for (const { name, message, code } of await servers.findDeaths(errorMessages(task)))
    (result.errors ??= []).push({ name, message, code });
}

function errorMessages({ result }: Task): string[] {
  return (result?.errors ?? []).map(({ message }) => message);
}

async function reportServers(
  servers: ServerDispenser,
  task: Task,
  annotate: TestContext['annotate'],
): Promise<void> {
  const { uses } = servers;
  if (uses.length === 0) return;
  // Copies: what a test is told of a server that others use too does not change any more.
  (task.meta.portsliceServers ??= []).push(...uses.map((use) => ({ ...use })));
  if (!hasFailed(task)) return;
  // A test must not fail because its servers are shown in one place less.
  await Promise.allSettled(servers.outputs().map(async (output) => annotateOutput(task, annotate, output)));
}

/** Of the output, what is shown beside the failure; all of it is attached. */
const LAST_LINES = 10;

async function annotateOutput(
  task: Task,
  annotate: TestContext['annotate'],
  { use, text }: ServerOutput,
): Promise<void> {
  const lines = text.trimEnd().split('\n').slice(-LAST_LINES).join('\n    ');
  const message = `${use.fixture} on port ${use.port} (pid ${use.pid}, ${use.command}):\n    ${lines}`;
  // As Vitest itself turns bytes into text, which in its vm pools it does not know as such.
  const body = Buffer.from(text).toString('base64');
  await annotateFailed(task, () => annotate(message, 'server', { contentType: 'text/plain', body }));
}
