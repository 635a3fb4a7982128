import { expect, test } from 'vitest';
import { ipv4Address } from '../../../src/platform/internet-address.ts';
import { platform } from '../../../src/platform/platform.ts';
import { listen } from '../../support/listening-server.ts';
import { reserveQuietPorts } from '../../support/quiet-ports.ts';
import { ENDPOINTS } from '../../support/stranger.ts';
import { EVERYWHERE } from '../conformance/holds.ts';
import { describeProbes } from '../conformance/probes.ts';

const kernel = platform.openKernel();
const OTHER = '127.0.0.2';

describeProbes({
  name: 'the Darwin stand-in',
  openKernel: () => kernel,
  endpoints: ENDPOINTS.filter(({ host }) => host !== OTHER),
});

test('A listener on another address is seen by the strict look, and otherwise only where the address is named', async () => {
  await using ports = await reserveQuietPorts();
  const port = ports.next();
  const named = { addresses: [ipv4Address(127, 0, 0, 2)] };
  await using _server = await listen({ port, host: OTHER });
  expect(kernel.takeHold(port, EVERYWHERE)).toBeUndefined();
  expect(kernel.checkStrictly(port, EVERYWHERE)).toBeUndefined();
  expect(kernel.takeHoldOverLeftovers(port, EVERYWHERE)).toEqual({
    kind: 'checked',
    descriptors: [],
    addresses: 'everywhere',
  });
  expect(kernel.somethingListens(port, 'everywhere')).toBe(false);
  for (const look of ['takeHold', 'takeHoldOverLeftovers', 'checkStrictly'] as const)
    expect(kernel[look](port, named)).toBeUndefined();
  expect(kernel.somethingListens(port, named.addresses)).toBe(true);
});

test('A port is narrowed to the named addresses where others have it elsewhere', async () => {
  await using ports = await reserveQuietPorts();
  const port = ports.next();
  const named = { addresses: [ipv4Address(127, 0, 0, 1)] };
  await using _server = await listen({ port, host: '::1' });
  expect(kernel.takeHold(port, named)).toBeUndefined();
  expect(kernel.takeHoldOverLeftovers(port, named)).toEqual({ kind: 'checked', descriptors: [], ...named });
  expect(kernel.checkStrictly(port, named)).toEqual({ kind: 'checked', descriptors: [], ...named });
  const seal = kernel.takeSeal(port, named.addresses);
  // The wildcard of the family, too.
  expect(seal).toHaveLength(2);
  kernel.closeDescriptors(seal ?? []);
});
