/** Attaches to a pool again and again, as one new process after another would, and uses it a little. See damage.test.ts. */
import { setImmediate as breathe } from 'node:timers/promises';
import { PortPool, PortsliceError, TCPPortOwner } from '../../src/index.ts';
import { forgetPools, releaseSealed } from '../support/pool-internals.ts';
import { serve } from '../support/serve.ts';

export interface Newcomers {
  readonly attached: number;
  /** How often each typed error came. */
  readonly typedErrors: Readonly<Record<string, number>>;
  /** Everything else that was thrown, or was wrong. */
  readonly otherErrors: readonly string[];
}

/** Whole tables are rare while somebody writes into them. */
const MIN_ATTACHED = 20;
/** Most only attach: what is right when it is checked and wrong when it is read is a matter of microseconds. */
const USE_EVERY = 25;
const SHORTLY = { acquireTimeoutMs: 15 };

const commands = {
  attachOften: async (handle: string, times: number): Promise<Newcomers> => {
    process.env['PORTSLICE_POOL'] = handle;
    const typedErrors: Record<string, number> = {};
    const otherErrors: string[] = [];
    let attached = 0;
    for (let time = 0; time < times || attached < MIN_ATTACHED; time++) {
      try {
        const pool = attachAnew(handle);
        attached++;
        if (time % USE_EVERY === 0) await use(pool, time);
      } catch (error) {
        if (error instanceof PortsliceError) typedErrors[error.code] = (typedErrors[error.code] ?? 0) + 1;
        else otherErrors.push((error as Error).stack ?? String(error));
      }
      if (time % USE_EVERY === 0) await breathe();
    }
    forgetPools();
    return { attached, typedErrors, otherErrors };
  },
};
export type NewcomerCommands = typeof commands;
serve(commands);

function attachAnew(handle: string): PortPool {
  forgetPools();
  return PortPool.attach(handle);
}

async function use(pool: PortPool, time: number): Promise<void> {
  pool.stats();
  for (const { port, label } of pool.snapshot())
    if (port < 1 || port > 65_535 || label.length > 224) throw new Error(`a record of ${port}: '${label}'`);
  const owners = [
    await pool.slice(time % 20).acquire(SHORTLY),
    new TCPPortOwner({ label: 'x'.repeat(time % 300) }),
  ];
  if (owners[0]?.port === owners[1]?.port) throw new Error('a port twice');
  owners[0]?.cleanup();
  releaseSealed(owners[1] as TCPPortOwner);
}
