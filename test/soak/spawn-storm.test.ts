/**
 * Proves that children which a process starts while it gives ports back make no port seem exhausted or leaked. Threads start
 * children all the time, in a process so big that a fork takes long; the pool has exactly as many ports as are in use at a time, so that
 * each claim needs just the port that was given back a moment ago. It counts only the claims at which a child had that port.
 */
import { describe, expect, it } from 'vitest';
import { needNamespace } from '../support/needs.ts';
import { startProgram } from '../support/program.ts';
import { repetitions, soakTimeoutMs } from './scale.ts';
import type { SpawnStormCommands, SpawnStormOptions } from './spawn-storm.program.ts';

const TIMEOUT_MS = soakTimeoutMs(300_000, 2_000_000);
const MISSES = repetitions(4, 250);

describe('children that are started all the time', { timeout: TIMEOUT_MS }, () => {
  it.for<Pick<SpawnStormOptions, 'claim' | 'serves' | 'ballastBytes'>>([
    { claim: 'at once', serves: false, ballastBytes: 0 },
    { claim: 'at once', serves: false, ballastBytes: 300_000_000 },
    { claim: 'at once', serves: true, ballastBytes: 300_000_000 },
    { claim: 'eventually', serves: true, ballastBytes: 300_000_000 },
  ])(
    'make no port seem exhausted or leaked: $claim, serves $serves, $ballastBytes bytes',
    async (variant, context) => {
      const config: SpawnStormOptions = {
        ports: '20000-20003',
        portCount: 4,
        misses: MISSES,
        threads: 2,
        ...variant,
      };
      const wrapper = needNamespace(context);
      const url = new URL('spawn-storm.program.ts', import.meta.url);
      await using program = startProgram<SpawnStormCommands>(url, { config, wrapper });
      const { claims, ...outcome } = await program.call('rage');
      expect(outcome).toEqual({ refusals: [], warnings: [], leaks: 0, sealedPorts: 0, misses: MISSES });
      expect(claims).toBeGreaterThanOrEqual(MISSES);
    },
  );
});
