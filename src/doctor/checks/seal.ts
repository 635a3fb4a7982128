/** That a port whose test has failed is of no use to anybody. */
import type { Bench } from '../bench.ts';
import { BrokenPromise, type Check } from '../check.ts';
import { NO_ANSWER, tryClient } from '../try-client.ts';
import { findUsualAddresses } from '../usual-addresses.ts';

/** As systems refuse a bind. */
const REFUSALS = new Set(['EADDRINUSE', 'EACCES']);

export const seal: Check = {
  name: 'seal',
  promise: 'On a sealed port nobody can listen',
  run: async (bench) => {
    const usual = await findUsualAddresses(bench);
    const port = claimSealed(bench);
    for (const { host } of usual) {
      const code = await bench.listen(port, host);
      if (code === undefined) throw new BrokenPromise(`that a server on ${host} is refused`, 'it listens');
      if (!REFUSALS.has(code)) throw new BrokenPromise(`that a server on ${host} is refused`, code);
    }
    const [host = '127.0.0.1'] = usual.flatMap(({ clientHosts }) => clientHosts);
    const { problem } = await tryClient(port, host, bench.soonMs);
    if (problem === undefined) throw new BrokenPromise('that no client is connected', 'somebody answered');
    return problem === NO_ANSWER
      ? 'clients of a sealed port hang until the seal is lifted, in place of being refused'
      : undefined;
  },
};

/** As the release after a failed test does it: the hold goes first. */
function claimSealed(bench: Bench): number {
  const { kernel } = bench;
  const { port, freeHold } = bench.claim();
  freeHold();
  const sealed = kernel.takeSeal(port, 'everywhere');
  if (sealed === undefined)
    throw new BrokenPromise(`that port ${port} can be sealed, on which nobody listens`, 'it was refused');
  bench.atEnd(() => kernel.closeDescriptors(sealed));
  return port;
}
