import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { PermissionError, ResourceLimitError, SystemCallError } from '../../src/errors/index.ts';
import { errorFor, type ErrnoMeaning, meaningOf } from '../../src/platform/errno.ts';

const { errno } = constants;
const meanings: Readonly<Partial<Record<keyof typeof errno, ErrnoMeaning>>> = {
  EADDRINUSE: 'taken',
  EMFILE: 'limit',
  ENFILE: 'limit',
  ENOBUFS: 'limit',
  ENOMEM: 'limit',
  EACCES: 'denied',
  EPERM: 'denied',
  EADDRNOTAVAIL: 'address-not-local',
  EAFNOSUPPORT: 'family-unavailable',
};

describe('the table of errnos', () => {
  test.each(Object.entries(errno))('%s has exactly one meaning', (name, code) => {
    expect(meaningOf(code)).toBe(meanings[name as keyof typeof errno] ?? 'fatal');
  });

  test('has nothing but the fatal for a number that is no errno', () => {
    for (const code of [0, -1, 4096]) expect(meaningOf(code)).toBe('fatal');
  });

  test.each([
    ['EMFILE', /this process has no descriptor left/],
    ['ENFILE', /the system has no descriptor left/],
    ['ENOBUFS', /no buffer space left/],
    ['ENOMEM', /no memory left/],
  ] as const)('makes %s a limit that says what ran out', (errnoName, problem) => {
    const error = errorFor('socket(AF_UNIX)', errno[errnoName]);
    expect(error).toBeInstanceOf(ResourceLimitError);
    expect(error).toMatchObject({
      code: 'PORTSLICE_RESOURCE_LIMIT',
      errnoName,
      systemCall: 'socket(AF_UNIX)',
    });
    expect(error.message).toMatch(problem);
  });

  test.each(['EACCES', 'EPERM'] as const)('makes %s a denial with the port and what to do', (errnoName) => {
    const error = errorFor('bind', errno[errnoName], { port: 80, denied: 'Choose a higher port' });
    expect(error).toBeInstanceOf(PermissionError);
    expect(error).toMatchObject({ code: 'PORTSLICE_PERMISSION', errnoName, port: 80 });
    expect(error.message).toBe(`bind on port 80 was denied with ${errnoName}. Choose a higher port.`);
    expect(errorFor('mmap', errno[errnoName]).message).toMatch(/sandbox or security profile/);
  });

  test.each(['EINVAL', 'EBADF', 'EFAULT', 'EADDRINUSE'] as const)(
    'makes %s, where its caller has no answer, a failure with the number',
    (errnoName) => {
      const error = errorFor('bind', errno[errnoName]);
      expect(error).toBeInstanceOf(SystemCallError);
      expect(error).toMatchObject({ code: 'PORTSLICE_SYSTEM_CALL', errnoName, errno: errno[errnoName] });
    },
  );

  test('makes an errno without a name a failure all the same', () => {
    expect(errorFor('bind', 4000)).toMatchObject({ code: 'PORTSLICE_SYSTEM_CALL', errno: 4000 });
  });
});
