/** A redis-server of its own for every test, although they run side by side. */
import { test } from 'portslice/vitest';
import { beforeEach, describe } from 'vitest';
import { isMissing } from '../servers/installed.ts';
import { askRedis, startRedis } from '../servers/redis.ts';

beforeEach(({ skip }) => skip(isMissing('redis-server'), 'redis-server is not installed'));

describe.concurrent('side by side', () => {
  test('redis answers', async ({ port, expect }) => {
    await using _redis = await startRedis(port);
    expect(await askRedis(port, 'PING')).toBe('+PONG');
  });

  for (const fruit of ['apple', 'banana', 'cherry', 'date', 'elderberry', 'fig']) {
    test(`redis holds one ${fruit} and nothing else`, async ({ port, expect }) => {
      await using _redis = await startRedis(port);
      expect(await askRedis(port, 'SET', 'fruit', fruit)).toBe('+OK');
      expect(await askRedis(port, 'GET', 'fruit')).toBe(`$${fruit.length} ${fruit}`);
      expect(await askRedis(port, 'DBSIZE')).toBe(':1');
    });
  }

  test('two databases of one test are apart', async ({ ports, expect }) => {
    const onePort = await ports.acquire();
    const otherPort = await ports.acquire();
    await using _one = await startRedis(onePort);
    await using _other = await startRedis(otherPort);
    expect(await askRedis(onePort, 'INCR', 'visits')).toBe(':1');
    expect(await askRedis(otherPort, 'INCR', 'visits')).toBe(':1');
  });
});
