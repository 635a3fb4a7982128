/** That the system itself picks no server port. */
import { formatPortRange, type PortRange } from '../../core/port-range.ts';
import { EphemeralRangeError } from '../../errors/index.ts';
import { describeOverlap, readServerPorts } from '../../pool/session/server-ports.ts';
import type { Bench } from '../bench.ts';
import { BrokenPromise, type Check } from '../check.ts';

const PICKED_COUNT = 50;

export const ephemeralRange: Check = {
  name: 'ephemeral-range',
  promise: 'The ports that the system picks by itself are no server ports',
  run: async (bench) => {
    // With a spec it is not needed to find server ports.
    const reading = readServerPorts();
    let range: PortRange;
    try {
      ({ range } = bench.system.readEphemeralRange());
    } catch (error) {
      if (error instanceof EphemeralRangeError) return `which it picks is not known. ${error.message}`;
      throw error;
    }
    await expectPickedFrom(range, bench);
    return describeOverlap(reading);
  },
};

async function expectPickedFrom(range: PortRange, { stranger }: Bench): Promise<void> {
  const picked = await stranger.call('pick', PICKED_COUNT);
  const outside = picked.find((port) => port < range.firstPort || port > range.lastPort);
  if (outside === undefined) return;
  throw new BrokenPromise(
    `that the system picks ports from its ephemeral range, ${formatPortRange(range)}`,
    `it has picked port ${outside}`,
    'Name server ports with PORTSLICE_PORTS that it does not pick, and report it, with the text at the end.',
  );
}
