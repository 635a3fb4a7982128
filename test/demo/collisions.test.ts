/** The demo's count is worth something only if it is not always 0. */
import { describe, expect, test } from 'vitest';
import { findCollisions, type RunnerSpan } from '../../scripts/demo/collisions.ts';

function span(
  from: number,
  until: number,
  facts: Partial<RunnerSpan> = {},
): RunnerSpan & { addressInUse: boolean } {
  return { port: 2000, from, until, runner: 'Vitest', owner: 'redis', addressInUse: false, ...facts };
}

describe('servers', () => {
  test('that listen one after the other on one port do not collide, even without a millisecond between them', () => {
    expect(findCollisions({ servers: [span(10, 20), span(20, 30)], tests: [] })).toEqual([]);
  });

  test('that listen at the same time on different ports do not collide', () => {
    expect(findCollisions({ servers: [span(10, 20), span(10, 20, { port: 2001 })], tests: [] })).toEqual([]);
  });

  test('that listen at the same time on one port collide, and both runners are named', () => {
    const servers = [span(10, 20), span(19, 30, { runner: 'Playwright', owner: 'node' })];
    expect(findCollisions({ servers, tests: [] })).toEqual([
      {
        runners: ['Vitest', 'Playwright'],
        message: 'redis of Vitest and node of Playwright listened on port 2000 at the same time',
      },
    ]);
  });

  test('whose end is not known have their port until the end', () => {
    expect(findCollisions({ servers: [span(10, Infinity), span(500, 600)], tests: [] })).toHaveLength(1);
  });

  test('that could not bind have collided', () => {
    const refused = { ...span(Infinity, Infinity), addressInUse: true };
    expect(findCollisions({ servers: [refused, span(10, 20)], tests: [] })).toEqual([
      { runners: ['Vitest'], message: 'redis of Vitest found port 2000 in use' },
    ]);
  });
});

test('three tests that had one port at the same time are three collisions', () => {
  const tests = [span(10, 20), span(11, 21), span(12, 22), span(22, 30)];
  expect(findCollisions({ servers: [], tests })).toHaveLength(3);
});
