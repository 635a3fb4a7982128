/** A process with every kind of descriptor that a wrong pool handle can name; it tells whether anybody has touched them. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { stopProcess } from '../support/listening-server.ts';

export interface Zoo extends AsyncDisposable {
  readonly pid: number;
  readonly animals: readonly { readonly kind: string; readonly descriptor: number }[];
  /** What was opened and what was read, by its kind. */
  close(): Promise<{ opened: string[]; read: string[] }>;
}

const program = fileURLToPath(new URL('zoo.program.py', import.meta.url));

export async function openZoo(python: string): Promise<Zoo> {
  const child = spawn(python, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async <T>(): Promise<T> => JSON.parse((await lines.next()).value as string) as T;
  const zoo = await next<Record<string, number>>();
  return {
    pid: child.pid as number,
    animals: Object.entries(zoo).map(([kind, descriptor]) => ({ kind, descriptor })),
    close: async () => {
      child.stdin.end();
      return next();
    },
    [Symbol.asyncDispose]: () => stopProcess(child),
  };
}
