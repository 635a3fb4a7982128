import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  isWorker,
  mayBeThread,
  processOf,
  threadNumber,
} from '../../../src/platform/darwin/thread-number.ts';

const processIds = fc.integer({ min: 1, max: 2 ** 22 - 1 });
const threadIds = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });

test('The number of a thread has its process, is an integer of 32 bits, and fits that thread', () => {
  fc.assert(
    fc.property(processIds, threadIds, (processId, systemThreadId) => {
      const number = threadNumber(processId, systemThreadId);
      expect(number).toBe(Math.trunc(number) | 0);
      expect(processOf(number)).toBe(processId);
      expect(isWorker(number)).toBe(true);
      expect(mayBeThread(number, systemThreadId)).toBe(true);
      expect(mayBeThread(number, systemThreadId + 1)).toBe(false);
    }),
  );
});

test('The number of a main thread is its process id', () => {
  fc.assert(
    fc.property(processIds, (processId) => {
      expect(threadNumber(processId)).toBe(processId);
      expect(isWorker(processId)).toBe(false);
    }),
  );
});
