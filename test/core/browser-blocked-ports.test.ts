import { describe, expect, test } from 'vitest';
import { browserBlockedPorts } from '../../src/core/browser-blocked-ports.ts';

describe('browserBlockedPorts', () => {
  test('are the bad ports of the Fetch standard from 1024 up', () => {
    expect([...browserBlockedPorts]).toEqual([
      1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679,
      6697, 10_080,
    ]);
  });

  test.each([...browserBlockedPorts])(
    'include %i, which the fetch of this Node refuses as well',
    async (port) => {
      await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toMatchObject({
        cause: { message: 'bad port' },
      });
    },
  );

  test('cannot be changed', () => {
    const set: unknown = browserBlockedPorts;
    if (!(set instanceof Set)) throw new TypeError('not a Set');
    expect(() => set.add(80)).toThrow(TypeError);
    expect(() => set.delete(6000)).toThrow(TypeError);
    expect(() => set.clear()).toThrow(TypeError);
    expect(() => Object.assign(set, { add: () => set })).toThrow(TypeError);
    expect(browserBlockedPorts.size).toBe(19);
  });

  test('can be copied to a set that may be changed', () => {
    expect(new Set(browserBlockedPorts).add(80).size).toBe(20);
  });
});
