import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatPoolHandle, parsePoolHandle } from '../../src/core/pool-handle.ts';

const runId = '0123456789abcdef0123456789abcdef';
const anyHandle = fc.record({
  locator: fc.stringMatching(/^[a-z]+(:[!-9;-~]{1,20}){1,3}$/),
  runId: fc.stringMatching(/^[0-9a-f]{32}$/),
});

describe('a pool handle', () => {
  test('has the form that is published', () => {
    expect(formatPoolHandle({ locator: 'memfd:4711:23', runId })).toBe(`portslice:1:memfd:4711:23:${runId}`);
  });

  test('comes back from its text', () => {
    fc.assert(
      fc.property(anyHandle, (handle) => {
        expect(parsePoolHandle(formatPoolHandle(handle))).toEqual(handle);
      }),
    );
  });

  test.each([
    '',
    'portslice',
    `portslice:2:memfd:4711:23:${runId}`,
    `portslice:1:${runId}`,
    `portslice:1::${runId}`,
    `portslice:1:memfd:4711 :23:${runId}`,
    `portslice:1:${'m'.repeat(201)}:${runId}`,
    `portslice:1:memfd:4711:23:${runId}0`,
    `portslice:1:memfd:4711:23:${runId.slice(1)}`,
    `portslice:1:memfd:4711:23:${runId.toUpperCase()}`,
    ` portslice:1:memfd:4711:23:${runId}`,
    `portslice:1:memfd:4711:23:${runId}\n`,
  ])('is not %j', (text) => {
    expect(parsePoolHandle(text)).toBeUndefined();
  });

  test('any other text is refused, never misread', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), anyHandle.map(formatPoolHandle)),
        fc.nat(80),
        fc.string(),
        (text, at, insertion) => {
          const changed = text.slice(0, at) + insertion + text.slice(at);
          const parsed = parsePoolHandle(changed);
          expect(parsed === undefined || formatPoolHandle(parsed) === changed).toBe(true);
        },
      ),
    );
  });
});
