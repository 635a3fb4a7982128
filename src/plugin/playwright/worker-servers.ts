/** The servers of this worker, which all its tests may use. */
import type { TestInfo, WorkerInfo } from '@playwright/test';
import type { StartServerOptions } from '../../server/server-options.ts';
import { openServers } from '../open-servers.ts';
import type { PortDispenser } from '../port-dispenser.ts';
import type { ServerDispenser } from '../server-dispenser.ts';
import { reportServers, tellDeaths } from './test-servers.ts';
import { workerFacts } from './worker-ports.ts';

const dispensers = new Set<ServerDispenser>();

export async function openWorkerServers(
  fixture: string,
  workerInfo: WorkerInfo,
  options: StartServerOptions | undefined,
): Promise<ServerDispenser> {
  const servers = await openServers(workerFacts(fixture, workerInfo), options);
  dispensers.add(servers);
  return servers;
}

export async function endWorkerServers(servers: ServerDispenser): Promise<void> {
  dispensers.delete(servers);
  await servers.endAll(false);
}

/**
 * A worker's fixtures do not know the test, so each test tells of the servers that its worker has.
 * @returns what has handed out their ports
 */
export async function reportWorkerServers(testInfo: TestInfo): Promise<PortDispenser[]> {
  for (const servers of dispensers) {
    await tellDeaths(servers, testInfo);
    reportServers(servers, testInfo);
  }
  return [...dispensers].map(({ ports }) => ports);
}
