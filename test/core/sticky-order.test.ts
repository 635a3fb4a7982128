import { describe, expect, test } from 'vitest';
import { PortList } from '../../src/core/port-list.ts';
import { stickyOrder } from '../../src/core/sticky-order.ts';

const POOL = new PortList([
  { firstPort: 1024, lastPort: 9999 },
  { firstPort: 10_000, lastPort: 32_767 },
]);

describe('The order in which a run port is looked for', () => {
  test('is the same each time', () => {
    expect(stickyOrder(POOL, '/home/me/shop', 'web')).toEqual(stickyOrder(POOL, '/home/me/shop', 'web'));
  });

  test('stays as it is from version to version, since cookies and bookmarks know the number', () => {
    expect(stickyOrder(POOL, '/home/me/shop', 'web').slice(0, 3)).toMatchInlineSnapshot(`
      [
        27466,
        18967,
        28744,
      ]
    `);
  });

  test('differs between folders, and between names', () => {
    const folders = Array.from({ length: 200 }, (_, index) => `/home/me/shop-${index}`);
    const firsts = folders.flatMap((folder) =>
      ['web', 'api'].map((name) => stickyOrder(POOL, folder, name)[0]),
    );
    // A few meet by chance.
    expect(new Set(firsts).size).toBeGreaterThan(390);
  });

  test('has each port once, and no low one while there are others', () => {
    const order = stickyOrder(POOL, '/home/me/shop', 'web');
    expect(new Set(order).size).toBe(32);
    expect(Math.min(...order)).toBeGreaterThanOrEqual(10_000);
  });

  test('has every port of a small pool, low or not', () => {
    for (const lastPort of [2000, 2001, 2006, 2030]) {
      const order = stickyOrder(new PortList([{ firstPort: 2000, lastPort }]), '/home/me/shop', 'web');
      expect(order.toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: lastPort - 1999 }, (_, step) => 2000 + step),
      );
    }
  });

  test('jumps over a block of ports that somebody has', () => {
    const [first = 0, second = 0, third = 0] = stickyOrder(POOL, '/home/me/shop', 'web');
    expect(Math.abs(first - second)).toBeGreaterThan(100);
    expect(Math.abs(second - third)).toBeGreaterThan(100);
  });
});
