/** That a server listens on a claimed port as if nobody had it, and that it is seen. */
import type { Bench, ClaimedPort } from '../bench.ts';
import { BrokenPromise, type Check } from '../check.ts';
import { tryClient } from '../try-client.ts';
import { findUsualAddresses, USUAL_ADDRESSES, type UsualAddress } from '../usual-addresses.ts';

export const addresses: Check = {
  name: 'addresses',
  promise: 'This machine has all addresses that servers usually listen on',
  run: async (bench) => {
    const found = await findUsualAddresses(bench);
    const missing = USUAL_ADDRESSES.filter(({ host }) => !found.some((one) => one.host === host));
    if (missing.length === 0) return undefined;
    return `it has no ${missing.map(({ host }) => host).join(' and no ')}, so ports are kept and checked on the others only`;
  },
};

export const server: Check = {
  name: 'server',
  promise: 'A server that knows nothing of portslice listens on a claimed port, and receives connections',
  run: async (bench) => {
    await onEachAddress(bench, async ({ port }, { clientHosts }) => {
      for (const host of clientHosts) await expectReceived(bench, port, host);
    });
    return bench.kernel.findLockProblem();
  },
};

export const probe: Check = {
  name: 'probe',
  promise: 'A server that is left behind is seen when its port is released',
  run: async (bench) => {
    await onEachAddress(bench, async ({ port, hold }, { host, clientHosts }) => {
      const { kernel } = bench;
      const isSeen = kernel.somethingListens(port, 'everywhere');
      if (!isSeen) throw new BrokenPromise(`that the server on ${host} is seen`, 'the probe found nobody');
      if (hold.kind === 'held' && !kernel.somethingListensBeside(hold))
        throw new BrokenPromise(`that the server on ${host} is seen`, 'the probe with the hold found nobody');
      // What its connections leave is no server.
      for (const client of clientHosts) await tryClient(port, client, bench.soonMs);
      await bench.stranger.call('close');
      if (!(await bench.becomesTrue(() => !kernel.somethingListens(port, 'everywhere'))))
        throw new BrokenPromise(
          `that nobody is seen after the server on ${host} has ended`,
          'the probe found one',
        );
    });
    return undefined;
  },
};

export const listener: Check = {
  name: 'listener',
  promise: 'Messages name the process that listens on a port',
  run: async (bench) => {
    let weakness: string | undefined;
    await onEachAddress(bench, async ({ port }, { host }) => {
      const found = bench.system.findListeners(port);
      const { processId } = bench.stranger;
      if (found === undefined || found.some((one) => one.processId === undefined))
        weakness =
          'the system does not tell which process it is, so strangers and leaked servers are reported without it';
      else if (!found.some((one) => one.processId === processId))
        throw new BrokenPromise(
          `that process ${processId} is named for its server on ${host}`,
          found.length === 0 ? 'nobody' : found.map((one) => `process ${one.processId}`).join(', '),
        );
    });
    return weakness;
  },
};

/** Each with a port of its own. */
async function onEachAddress(
  bench: Bench,
  check: (port: ClaimedPort, address: UsualAddress) => Promise<void>,
): Promise<void> {
  for (const address of await findUsualAddresses(bench)) {
    const claimed = bench.claim();
    const code = await bench.listen(claimed.port, address.host);
    if (code !== undefined)
      throw new BrokenPromise(`that a server listens on ${address.host} and port ${claimed.port}`, code);
    await check(claimed, address);
    await bench.stranger.call('close');
    claimed.free();
  }
}

async function expectReceived(bench: Bench, port: number, host: string): Promise<void> {
  const { text, problem } = await tryClient(port, host, bench.soonMs);
  if (text === `I am ${bench.stranger.processId}.`) return;
  throw new BrokenPromise(
    `that a client of ${host} and port ${port} reaches the server`,
    problem ?? `somebody else answered: ${text}`,
    'If no firewall is in the way, report it, with the text at the end.',
  );
}
