/** A pool of few ports that nobody else on this machine uses, published to this process while it lives. */
import { PortPool, type PortPoolOptions } from '../../src/index.ts';
import { reservePorts } from './port-block.ts';

export interface TestPool extends AsyncDisposable {
  readonly pool: PortPool;
  readonly ports: readonly number[];
  readonly spec: string;
  /** For the environment of a worker. */
  readonly env: Readonly<Record<string, string>>;
}

export async function openTestPool(
  portCount: number,
  options: Omit<PortPoolOptions, 'ports'> = {},
): Promise<TestPool> {
  const block = await reservePorts(portCount);
  const pool = PortPool.create({ ...options, ports: block.spec });
  process.env['PORTSLICE_POOL'] = pool.handle;
  return {
    pool,
    ports: block.ports,
    spec: block.spec,
    env: { PORTSLICE_POOL: pool.handle },
    [Symbol.asyncDispose]: async () => {
      pool.close();
      delete process.env['PORTSLICE_POOL'];
      await block[Symbol.asyncDispose]();
    },
  };
}

/** All ports that another run can have at the same time, ascending. */
export async function portsForAnotherRun(spec: string): Promise<number[]> {
  const pool = PortPool.create({ ports: spec });
  try {
    const ports: number[] = [];
    for (const _ of pool.ports) ports.push((await pool.slice().acquire()).port);
    return ports.toSorted((a, b) => a - b);
  } finally {
    pool.close();
  }
}
