/** A redis-server of its own for every test, although they run side by side. */
import { test } from 'portslice/vitest';
import { beforeEach, describe } from 'vitest';
import { isMissing } from '../servers/installed.ts';
import { askRedis, redis } from '../servers/redis.ts';

beforeEach(({ skip }) => skip(isMissing('redis-server'), 'redis-server is not installed'));

describe.concurrent('side by side', () => {
  test('redis answers', async ({ servers, expect }) => {
    const server = await servers.start(redis());
    expect(await askRedis(server, 'PING')).toBe('+PONG');
  });

  for (const fruit of ['apple', 'banana', 'cherry', 'date', 'elderberry', 'fig']) {
    test(`redis holds one ${fruit} and nothing else`, async ({ servers, expect }) => {
      const server = await servers.start(redis());
      expect(await askRedis(server, 'SET', 'fruit', fruit)).toBe('+OK');
      expect(await askRedis(server, 'GET', 'fruit')).toBe(`$${fruit.length} ${fruit}`);
      expect(await askRedis(server, 'DBSIZE')).toBe(':1');
    });
  }

  test('two databases of one test are apart', async ({ servers, expect }) => {
    const one = await servers.start(redis());
    const other = await servers.start(redis());
    expect(await askRedis(one, 'INCR', 'visits')).toBe(':1');
    expect(await askRedis(other, 'INCR', 'visits')).toBe(':1');
  });
});
