/**
 * A storm in a network of its own, where the system has only few ports for clients and portslice is told to use 40 of
 * just these. Meanwhile programs that know nothing of portslice let the system choose ports, all the time.
 */
import { describe, expect, it } from 'vitest';
import { namespaceWrapper } from '../support/namespaces.ts';
import { scriptOutput } from '../support/run-script.ts';
import { FLAWLESS, type Verdict } from './verdict.ts';

const TIMEOUT_MS = 60_000;
const EPHEMERAL_RANGE = '40000 40299';
const ROUNDS_PER_SLOT = 10;
const PORTS = '40000-40039';

// Without TIME_WAIT, which would soon leave nothing of so few ports, neither to strangers nor to a strict check.
const wrapper = namespaceWrapper(`ip link set lo up
  echo "${EPHEMERAL_RANGE}" > /proc/sys/net/ipv4/ip_local_port_range
  echo 0 > /proc/sys/net/ipv4/tcp_max_tw_buckets`);

describe.skipIf(wrapper === undefined)(
  'strangers who let the system choose ports',
  { timeout: TIMEOUT_MS },
  () => {
    it('are never given a port that somebody has', async () => {
      const verdict = await rageAmongStrangers(true);

      expect(verdict).toMatchObject({ ...FLAWLESS, completeRounds: 8 * 4 * ROUNDS_PER_SLOT });
      expect(verdict.strangersPorts).toBeGreaterThan(0);
    });

    it('are given such ports where the hold is switched off', async () => {
      const verdict = await rageAmongStrangers(false);

      expect(verdict.intrusions.length).toBeGreaterThan(0);
      // It is the hold that keeps strangers away; what keeps our own apart is the lock.
      expect(verdict.sharedPorts).toEqual([]);
    });
  },
);

async function rageAmongStrangers(hold: boolean): Promise<Verdict> {
  return scriptOutput<Verdict>(
    `import { SOURCE, Storm } from './test/contention/storm.ts';
     await using storm = await Storm.gather({
       allocator: { kind: 'portslice', source: SOURCE, hold: ${hold} },
       ports: '${PORTS}',
       roundsPerSlot: ${ROUNDS_PER_SLOT},
       strangers: 2,
     });
     await storm.rage();
     console.log(JSON.stringify(storm.verdict()));`,
    wrapper === undefined ? {} : { wrapper },
  );
}
