/** Stands in for ../../open-dispenser.ts in browsers: the dispensers are in Vitest's main process. */
import { NoTestError } from '../../../errors/options.ts';
import type * as InNode from '../../open-dispenser.ts';
import type { PortDispenser } from '../../port-dispenser.ts';
import { RemoteDispenser } from './remote-dispenser.ts';

export const openDispenser: typeof InNode.openDispenser = async (facts) =>
  new RemoteDispenser(facts) as Pick<PortDispenser, keyof PortDispenser> as PortDispenser;

export const noTestError: typeof InNode.noTestError = async (problem) =>
  new NoTestError({
    problem,
    fix:
      'In a browser, call it in a test or a beforeEach, while no other test runs; elsewhere use the fixtures port and ports, ' +
      'or filePort in a beforeAll',
  });
