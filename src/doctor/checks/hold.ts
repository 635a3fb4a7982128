/** That a port is kept from everybody else until its server listens. */
import { EVERYWHERE } from '../bench.ts';
import { BrokenPromise, type Check } from '../check.ts';

const NO_HOLD =
  'this system has no hold, so a program that asks for exactly this port can have it before the server does; the ' +
  'system itself picks no server port as long as these lie outside of its ephemeral range';

export const hold: Check = {
  name: 'hold',
  promise: 'Nobody else gets a claimed port before its server does',
  run: async (bench) => {
    const { port, hold: held } = bench.claim();
    if (held.kind === 'checked') {
      if (!bench.system.hasHolds()) return NO_HOLD;
      throw new BrokenPromise(`that port ${port} is held, which was claimed`, 'nothing holds it');
    }
    if ((await bench.helper.call('kernel', 'checkStrictly', port, EVERYWHERE)) !== undefined)
      throw new BrokenPromise(
        `that a program without SO_REUSEADDR is refused port ${port}, which is held here`,
        'it was let in',
      );
    return bench.kernel.findHoldProblem();
  },
};
