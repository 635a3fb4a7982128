/** What a run has left on the machine, seen by others. */
import { readFileSync } from 'node:fs';
import { expect, type Project } from './project.ts';

const CLAIM_ALL = `
import { getServerTCPPorts, TCPPortOwner } from 'portslice';
const owners = await TCPPortOwner.acquireMany(getServerTCPPorts().length, { acquireTimeoutMs: 60_000 });
console.log(owners.length);
`;

/** The project's ports that some process has locked. */
export function lockedPorts({ ports }: Project): number[] {
  const names = readFileSync('/proc/net/unix', 'utf8').matchAll(/ @portslice\/(\d+)$/gm);
  return [...names]
    .map(([, port]) => Number(port))
    .filter((port) => ports.firstPort <= port && port <= ports.lastPort);
}

/** The beacons of the pools of one process. */
export function beaconsOf(processId: number): string[] {
  return (
    readFileSync('/proc/net/unix', 'utf8').match(new RegExp(`@portslice/pool/${processId}/.*`, 'g')) ?? []
  );
}

/** A runner can end before the last of its workers is dead: that is waited for. */
export async function expectNoneLocked(project: Project): Promise<void> {
  const locked = expect.poll(() => lockedPorts(project), {
    message: 'ports that are still locked',
  });
  await locked.toEqual([]);
}

/** No lock is left, and soon, since killed servers take their time, a process that knows nothing of the run can have every port at once. */
export async function expectAllReleased(project: Project): Promise<void> {
  await expectNoneLocked(project);
  const { output } = await project.run('node', ['--input-type=module', '-e', CLAIM_ALL]);
  expect(output, 'ports that an outsider can have').toBe(
    `${project.ports.lastPort - project.ports.firstPort + 1}\n`,
  );
}
