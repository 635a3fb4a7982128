/** The servers of a test, and what reports show of them. */
import type { TestInfo } from '@playwright/test';
import type { StartServerOptions } from '../../server/server-options.ts';
import { openServers } from '../open-servers.ts';
import type { PortOptions } from '../port-dispenser.ts';
import type { ServerDispenser, ServerUse } from '../server-dispenser.ts';
import { attachJSON, attachUses, errorMessages, hasFailed, testFacts } from './test-report.ts';

export function openTestServers(
  fixture: string,
  testInfo: TestInfo,
  defaults: PortOptions,
  options: StartServerOptions | undefined,
): Promise<ServerDispenser> {
  // Its ports are told with the server.
  return openServers(
    testFacts(fixture, testInfo, defaults, () => undefined),
    options,
  );
}

export async function endTestServers(servers: ServerDispenser, testInfo: TestInfo): Promise<void> {
  servers.explainFailure(errorMessages(testInfo));
  await tellDeaths(servers, testInfo);
  try {
    await servers.endAll(hasFailed(testInfo));
  } finally {
    reportServers(servers, testInfo);
    attachUses(testInfo, [servers.ports]);
  }
}

/** Beside the test's own error, in every report. Call it before the servers are stopped. */
export async function tellDeaths(servers: ServerDispenser, testInfo: TestInfo): Promise<void> {
  if (!hasFailed(testInfo)) return;
  for (const { name, message } of await servers.findDeaths(errorMessages(testInfo)))
    testInfo.errors.push({ message: `${name}: ${message}` });
}

export function reportServers(servers: ServerDispenser, testInfo: TestInfo): void {
  const { uses } = servers;
  if (uses.length === 0) return;
  for (const use of uses) testInfo.annotations.push({ type: use.fixture, description: describe(use) });
  attachJSON(testInfo, 'portslice-servers', JSON.stringify(uses));
  if (hasFailed(testInfo)) attachOutputs(servers, testInfo);
}

function attachOutputs(servers: ServerDispenser, testInfo: TestInfo): void {
  for (const { use, text } of servers.outputs()) {
    const name = `output of ${use.fixture} on port ${use.port}`;
    testInfo.attachments.push({ name, contentType: 'text/plain', body: Buffer.from(text) });
  }
}

function describe({ command, port, pid, readyAfterMs }: ServerUse): string {
  const process = pid === undefined ? '' : `, pid ${pid}`;
  const ready = readyAfterMs === undefined ? 'never ready' : `ready after ${Math.round(readyAfterMs)} ms`;
  return `port ${port}${process}, ${ready}: ${command}`;
}
