/** Somebody else has the port on an address that is not in `hosts`: it is held on those alone. */
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { TCPPortOwner } from '../../src/index.ts';
import { listen } from '../support/listening-server.ts';
import { openTestPool } from '../support/test-pool.ts';

const hosts = ['127.0.0.1', '::1'];

async function nextWarning(code: string): Promise<string> {
  for (;;) {
    const [warning] = (await once(process, 'warning')) as [NodeJS.ErrnoException];
    if (warning.code === code) return warning.message;
  }
}

test.each(hosts)('A server that is left on %s, one of two addresses, is a leak', async (host) => {
  await using pool = await openTestPool(1);
  const [port] = pool.ports as [number];
  await using _foreign = await listen({ port, host: '127.0.0.2' });
  const owner = new TCPPortOwner({ hosts });
  const leaked = await listen({ port, host });
  const warning = nextWarning('PORTSLICE_LEAK');
  owner.cleanup();
  expect(await warning).toContain(`Port ${port} was released`);
  // What is left of the hold guards the port, and the other address does not listen.
  expect(() => new TCPPortOwner({ hosts })).toThrow(
    expect.objectContaining({ code: 'PORTSLICE_POOL_EXHAUSTED' }),
  );
  await leaked.close();
  using again = new TCPPortOwner({ hosts });
  expect(again.port).toBe(port);
});

test('A port of two addresses is given back as any other', async () => {
  await using pool = await openTestPool(1);
  const [port] = pool.ports as [number];
  await using _foreign = await listen({ port, host: '127.0.0.2' });
  for (let round = 0; round < 3; round++) {
    using owner = new TCPPortOwner({ hosts });
    expect(owner.port).toBe(port);
    for (const host of hosts) await (await listen({ port, host })).close();
  }
  for (const host of hosts) await (await listen({ port, host, exclusive: true })).close();
});
