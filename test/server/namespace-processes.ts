/**
 * Everybody in a network namespace: what a process starts is in its namespace, whatever it does to hide. So a test sees what
 * is left of a tree by something else than what the tree itself goes by.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface NamespaceProcess {
  readonly pid: number;
  readonly parentId: number;
  readonly sessionId: number;
  readonly command: string;
}

/** Those that live. */
export function processesInNamespaceOf(processId: number): () => NamespaceProcess[] {
  const namespace = readlinkSync(`/proc/${processId}/ns/net`);
  return () =>
    readdirSync('/proc')
      .map(Number)
      .filter(Number.isInteger)
      .flatMap((pid) => describe(pid, namespace));
}

function describe(pid: number, namespace: string): NamespaceProcess[] {
  try {
    if (readlinkSync(`/proc/${pid}/ns/net`) !== namespace) return [];
    const status = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state = '', parentId, , sessionId] = status.slice(status.lastIndexOf(')') + 2).split(' ');
    const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
    if ('ZX'.includes(state)) return [];
    return [{ pid, parentId: Number(parentId), sessionId: Number(sessionId), command }];
  } catch {
    return [];
  }
}

export function isWatchdog({ command }: NamespaceProcess): boolean {
  return command.includes('portslice-watchdog');
}
