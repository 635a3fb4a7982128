/** Starts worker.program.ts. */
import { fork } from 'node:child_process';
import path from 'node:path';
import type { PortPool } from '../src/index.ts';
import type { Order } from './worker.program.ts';

export interface Worker {
  /** One order at a time. */
  tell(order: Order): Promise<unknown>;
  end(): void;
}

/** A worker of the pool's run that is ready. @param number from 1 */
export async function startWorker(pool: PortPool, number: number, source: string): Promise<Worker> {
  const program = path.join(import.meta.dirname, 'worker.program.ts');
  const env = { ...process.env, PORTSLICE_POOL: pool.handle };
  const child = fork(program, [String(number), source], { env });
  let settle: ((answer: unknown) => void) | undefined;
  child.on('message', (message) => settle?.(message));
  // Its own words are in stderr.
  child.on('exit', () => process.exit(1));
  const answer = (): Promise<unknown> => new Promise((resolve) => (settle = resolve));
  await answer();
  return {
    tell: (order) => {
      child.send(order);
      return answer();
    },
    end: () => void child.removeAllListeners().kill(),
  };
}
