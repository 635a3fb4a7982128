import { describe, expect, test } from 'vitest';
import { PermissionError, ResourceLimitError, SystemCallError } from '../../../src/errors/index.ts';
import { errnoName, errorFor, meaningOf, typedError } from '../../../src/platform/darwin/errno.ts';

describe("macOS' table of errors", () => {
  test.each([
    [1, 'EPERM', 'denied'],
    [12, 'ENOMEM', 'limit'],
    [13, 'EACCES', 'denied'],
    [23, 'ENFILE', 'limit'],
    [24, 'EMFILE', 'limit'],
    [47, 'EAFNOSUPPORT', 'family-unavailable'],
    [48, 'EADDRINUSE', 'taken'],
    [49, 'EADDRNOTAVAIL', 'address-not-local'],
    [55, 'ENOBUFS', 'limit'],
    [22, 'EINVAL', 'fatal'],
    [98, 'errno 98', 'fatal'],
    [0, 'errno 0', 'fatal'],
  ])('has %i as %s', (code, name, meaning) => {
    expect([errnoName(code), meaningOf(code)]).toEqual([name, meaning]);
  });

  test('makes typed errors of them', () => {
    expect(errorFor('socket', 24)).toBeInstanceOf(ResourceLimitError);
    expect(errorFor('socket', 24).message).toContain('this process has no descriptor left');
    expect(errorFor('bind', 13, { port: 80 })).toBeInstanceOf(PermissionError);
    expect(errorFor('bind', 22)).toBeInstanceOf(SystemCallError);
    expect(errorFor('bind', 22)).toMatchObject({ errno: 22, errnoName: 'EINVAL' });
  });

  test("makes a typed error of one of Node's file system too, and leaves others as they are", () => {
    const full = Object.assign(new Error('full'), { code: 'EMFILE', syscall: 'scandir', path: '/x' });
    expect(typedError(full)).toBeInstanceOf(ResourceLimitError);
    expect(typedError(full)).toMatchObject({ systemCall: 'scandir(/x)' });
    const other = new TypeError('other');
    expect(typedError(other)).toBe(other);
  });
});
