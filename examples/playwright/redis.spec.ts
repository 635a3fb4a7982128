/** A redis-server of its own for every test: none needs a key prefix, or has to clean up after itself. */
import { expect, test } from 'portslice/playwright';
import { isMissing } from '../servers/installed.ts';
import { askRedis, redis } from '../servers/redis.ts';

test.skip(isMissing('redis-server'), 'redis-server is not installed');

test('redis answers', async ({ servers }) => {
  const server = await servers.start(redis());
  expect(await askRedis(server, 'PING')).toBe('+PONG');
});

for (const fruit of ['apple', 'banana', 'cherry', 'date', 'elderberry']) {
  test(`redis holds one ${fruit} and nothing else`, async ({ servers }) => {
    const server = await servers.start(redis());
    expect(await askRedis(server, 'SET', 'fruit', fruit)).toBe('+OK');
    expect(await askRedis(server, 'GET', 'fruit')).toBe(`$${fruit.length} ${fruit}`);
    expect(await askRedis(server, 'DBSIZE')).toBe(':1');
  });
}

test('two databases of one test are apart', async ({ servers }) => {
  const one = await servers.start(redis());
  const other = await servers.start(redis());
  expect(await askRedis(one, 'INCR', 'visits')).toBe(':1');
  expect(await askRedis(other, 'INCR', 'visits')).toBe(':1');
});
