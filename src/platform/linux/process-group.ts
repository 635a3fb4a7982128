/** For now: the processes of one process group. */
import type { ProcessTree } from '../process-tree.ts';
import { listProcesses, readText } from './proc.ts';

export function openProcessGroup(): ProcessTree {
  let group = 0;
  const find = (): number[] =>
    listProcesses().filter((processId) => {
      const text = readText(`/proc/${processId}/stat`);
      const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ') ?? [];
      return group > 0 && Number(fields[2]) === group && !'ZX'.includes(fields[0] ?? 'Z');
    });
  return {
    environment: {},
    add: (processId) => void (group = processId),
    findProcesses: find,
    has: (processId) => find().includes(processId),
    signal: (signal) => {
      const count = find().length;
      if (count > 0) process.kill(-group, signal);
      return count;
    },
    close: () => {},
  };
}
