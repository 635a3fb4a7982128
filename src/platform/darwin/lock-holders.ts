/** Who has the locks of ports, from the system's table of sockets. For messages, as `findListeners`. */
import type { Process } from '../port-kernel.ts';
import { readSockets } from './listeners.ts';
import { isLockAddress } from './lock.ts';
import { readCommand } from './proc.ts';

/** Where locks are in a file nobody is known. Ports that nobody has locked are not in the answer. */
export function findLockHolders(ports: readonly number[]): ReadonlyMap<number, Process> {
  const locks =
    readSockets()?.filter(({ port, address }) => ports.includes(port) && isLockAddress(address)) ?? [];
  return new Map(
    locks.map(({ port, processId, userId }) => {
      const command = readCommand(processId);
      return [port, command === undefined ? {} : { processId, command, userId }];
    }),
  );
}
