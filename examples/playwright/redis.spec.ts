/** A redis-server of its own for every test: none needs a key prefix, or has to clean up after itself. */
import { expect, test } from 'portslice/playwright';
import { isMissing } from '../servers/installed.ts';
import { askRedis, startRedis } from '../servers/redis.ts';

test.skip(isMissing('redis-server'), 'redis-server is not installed');

test('redis answers', async ({ port }) => {
  await using _redis = await startRedis(port);
  expect(await askRedis(port, 'PING')).toBe('+PONG');
});

for (const fruit of ['apple', 'banana', 'cherry', 'date', 'elderberry']) {
  test(`redis holds one ${fruit} and nothing else`, async ({ port }) => {
    await using _redis = await startRedis(port);
    expect(await askRedis(port, 'SET', 'fruit', fruit)).toBe('+OK');
    expect(await askRedis(port, 'GET', 'fruit')).toBe(`$${fruit.length} ${fruit}`);
    expect(await askRedis(port, 'DBSIZE')).toBe(':1');
  });
}

test('two databases of one test are apart', async ({ ports }) => {
  const onePort = await ports.acquire();
  const otherPort = await ports.acquire();
  await using _one = await startRedis(onePort);
  await using _other = await startRedis(otherPort);
  expect(await askRedis(onePort, 'INCR', 'visits')).toBe(':1');
  expect(await askRedis(otherPort, 'INCR', 'visits')).toBe(':1');
});
