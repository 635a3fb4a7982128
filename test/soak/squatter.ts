/** A Python process that takes ports and lock names away, and knows nothing of portslice. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { lockName } from '../../src/platform/linux/lock.ts';
import { stopProcess } from '../support/listening-server.ts';

export interface Squatter extends AsyncDisposable {
  /** Each returns how many it has got. */
  takeNames(names: readonly string[]): Promise<number>;
  /** The names that lock these ports. */
  takeLocks(ports: readonly number[]): Promise<number>;
  /** Binds the ports without any socket option, on the addresses in turn. */
  bindStrictly(ports: readonly number[]): Promise<number>;
  listenOn(ports: readonly number[]): Promise<number>;
  /** Takes ports and locks at random and gives them back, until it is asked to end. */
  churn(ports: readonly number[], seed: number): Promise<() => Promise<{ names: number; strict: number }>>;
  /** SIGKILL. */
  stop(): Promise<void>;
}

const program = fileURLToPath(new URL('squatter.program.py', import.meta.url));

export function startSquatter(python: string, userId?: number): Squatter {
  const args = userId === undefined ? [program] : [program, String(userId)];
  const child = spawn(python, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async <T>(): Promise<T> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('The squatter has ended.');
    return JSON.parse(value) as T;
  };
  const ask = async <T>(request: object): Promise<T> => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    return next<T>();
  };
  return {
    takeNames: (names) => ask({ names }),
    takeLocks: (ports) => ask({ names: ports.map(lockName) }),
    bindStrictly: (ports) => ask({ strict: ports }),
    listenOn: (ports) => ask({ listen: ports }),
    churn: async (ports, seed) => {
      await ask({ churn: ports, prefix: lockName(0).slice(0, -1), seed });
      return async () => {
        child.stdin.end();
        return next();
      };
    },
    stop: () => stopProcess(child),
    [Symbol.asyncDispose]: () => stopProcess(child),
  };
}
