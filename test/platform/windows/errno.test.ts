import { expect, test } from 'vitest';
import { PermissionError, ResourceLimitError, SystemCallError } from '../../../src/errors/index.ts';
import { meaningOf, windowsError } from '../../../src/platform/windows/errno.ts';

test.each([
  [10_048, 'taken'],
  [10_013, 'taken'],
  [10_047, 'family-unavailable'],
  [10_049, 'address-not-local'],
  [10_024, 'limit'],
  [10_055, 'limit'],
  [8, 'limit'],
  [1450, 'limit'],
  [1455, 'limit'],
  [5, 'denied'],
  [10_022, 'fatal'],
  [10_038, 'fatal'],
  [0, 'fatal'],
  [-1, 'fatal'],
])('The code %i means %s', (code, meaning) => {
  expect(meaningOf(code)).toBe(meaning);
});

test.each([
  [10_024, 'WSAEMFILE', /no socket left/],
  [10_055, 'WSAENOBUFS', /no buffer space left/],
  [1455, 'ERROR_COMMITMENT_LIMIT', /page file is too small/],
])('The code %i is a limit that says what ran out', (code, errnoName, text) => {
  const error = windowsError('WSASocketW', code);
  expect(error).toBeInstanceOf(ResourceLimitError);
  expect(error).toMatchObject({ errnoName, systemCall: 'WSASocketW' });
  expect(error.message).toMatch(text);
});

test('A denial names the port, and any other code is told with its number', () => {
  const denied = windowsError('CreateMutexW', 5, { port: 20_123 });
  expect(denied).toBeInstanceOf(PermissionError);
  expect(denied).toMatchObject({ errnoName: 'ERROR_ACCESS_DENIED', port: 20_123 });
  const failed = windowsError('bind', 10_022);
  expect(failed).toBeInstanceOf(SystemCallError);
  expect(failed).toMatchObject({ errnoName: 'WSAEINVAL', errno: 10_022 });
  expect(windowsError('bind', 10_999)).toMatchObject({ errnoName: 'error 10999' });
});
