import { describe, expect, test } from 'vitest';
import { describeListener } from '../../src/pool/claim/listeners.ts';

const listener = { processId: 4711, userId: 0 };

describe('a listener in words', () => {
  test('has its process and its command', () => {
    expect(describeListener({ ...listener, command: 'redis-server *:4021' })).toBe(
      'pid 4711 (redis-server *:4021)',
    );
  });

  test('keeps the beginning and the end of a long command, where the script and its arguments are', () => {
    const command = `/usr/bin/node ${'/a-long-path'.repeat(40)}/server.js 4021`;
    const words = describeListener({ ...listener, command });
    expect(words).toMatch(/^pid 4711 \(\/usr\/bin\/node \/a-.*….*\/server\.js 4021\)$/);
    expect(words).toHaveLength('pid 4711 ()'.length + 120);
  });

  test('is its user where the process cannot be looked into, and has an unknown command where that is empty', () => {
    expect(describeListener({ processId: undefined, command: undefined, userId: 1000 })).toBe(
      'a process of user 1000',
    );
    expect(describeListener({ ...listener, command: '' })).toBe('pid 4711 (unknown command)');
  });
});
