/** Two copies of the package in one thread recognise each other's errors, class by class. */
import { describe, expect, test, vi } from 'vitest';
import * as ours from '../src/errors/index.ts';
import { TCPPortOwner } from '../src/index.ts';
import { platform } from '../src/platform/platform.ts';
import { errorOf } from './support/catch-error.ts';
import { loadErrorsCopy } from './support/errors-copy.ts';
import { openTestPool } from './support/test-pool.ts';
import { collectWarnings } from './support/warnings.ts';

type ErrorClass = (new (facts: object) => ours.PortsliceError) & { readonly code: string };

const theirs = await loadErrorsCopy();

/** Enough for every class. */
const FACTS = {
  option: 'port',
  value: 0,
  expected: 'more',
  source: 'a file',
  problem: 'is wrong',
  fix: 'Mend it',
  host: 'localhost',
  label: 'a test',
  handle: 'a handle',
  platform: 'plan9',
  capability: 'The allocation of ports',
  systemCall: 'bind',
  errno: 1,
  errnoName: 'EPERM',
  limit: 'nothing left',
  port: 1,
  timeoutMs: 1,
  processId: 2,
  wantedPortCount: 1,
  poolPortCount: 1,
  holders: [],
  sealedPortCount: 0,
  lockedByOtherRuns: 0,
  foreignHolders: [],
  listenedOnByStrangers: 0,
  strangers: [],
  strictlyRefused: 0,
  leftPorts: [],
  waitedMs: 0,
  known: [],
  leaks: [],
};

function classesOf(errors: typeof ours): Map<string, ErrorClass> {
  const classes = Object.entries(errors).filter(([name]) => /^(?!Portslice).*Error$/.test(name));
  return new Map(classes as unknown as [string, ErrorClass][]);
}

const names = [...classesOf(ours).keys()];

describe('an error of another copy', () => {
  test('is of another class with the same code', () => {
    expect(names.length).toBeGreaterThan(18);
    for (const [name, theirClass] of classesOf(theirs)) {
      const ourClass = classesOf(ours).get(name) as ErrorClass;
      expect(theirClass).not.toBe(ourClass);
      expect(theirClass.code).toBe(ourClass.code);
    }
  });

  test.each(names)('%s is an instance of our class of the code, and of no other', (name) => {
    for (const [one, other] of [
      [ours, theirs],
      [theirs, ours],
    ] as const) {
      const error = new (classesOf(one).get(name) as ErrorClass)(FACTS);
      expect(error.name).toBe(name);
      const matching = [...classesOf(other)].filter(([, otherClass]) => error instanceof otherClass);
      expect(matching.map(([matched]) => matched)).toEqual([name]);
      expect(error).toBeInstanceOf(other.PortsliceError);
      expect(error).toBeInstanceOf(Error);
    }
  });
});

describe('what is no error of portslice', () => {
  test.each([
    ['an error with one of its codes', Object.assign(new Error('x'), { code: 'PORTSLICE_POOL_CLOSED' })],
    ['another error', new TypeError('x')],
    ['a text', 'PORTSLICE_POOL_CLOSED'],
    ['null', null],
    ['undefined', undefined],
  ])('is no instance: %s', (_title, value) => {
    expect(value).not.toBeInstanceOf(ours.PortsliceError);
    expect(value).not.toBeInstanceOf(ours.PoolClosedError);
  });
});

test('a class that a user derives recognises its own errors only', () => {
  class UsersError extends ours.PoolClosedError {}
  expect(new UsersError()).toBeInstanceOf(UsersError);
  expect(new UsersError()).toBeInstanceOf(theirs.PoolClosedError);
  expect(new UsersError().code).toBe('PORTSLICE_POOL_CLOSED');
  expect(new ours.PoolClosedError()).not.toBeInstanceOf(UsersError);
  expect(new theirs.PoolClosedError()).not.toBeInstanceOf(UsersError);
});

test('an error shows its facts and its cause, neither brand nor a cause that it has not', () => {
  const error = new ours.PoolStaleError({ handle: 'x', problem: 'it ended' });
  expect(Reflect.ownKeys(error).map(String).toSorted()).toEqual([
    'code',
    'handle',
    'message',
    'name',
    'stack',
  ]);
  const cause = new Error('ENOENT');
  expect(new ours.PoolStaleError({ handle: 'x', problem: 'it ended', cause }).cause).toBe(cause);
});

describe('what rests on recognising errors', () => {
  test('the descriptors of ended threads are closed when a claim of another copy finds none left', async () => {
    await using _opened = await openTestPool(1);
    const kernel = platform.openKernel();
    const limit = new theirs.ResourceLimitError({ systemCall: 'socket', errnoName: 'EMFILE', limit: 'none' });
    const takeLock = vi.spyOn(kernel, 'takeLock').mockImplementationOnce(() => {
      throw limit;
    });
    const closeOrphans = vi.spyOn(kernel, 'closeOrphans').mockReturnValueOnce(1);
    using owner = new TCPPortOwner();
    expect(owner.port).toBeGreaterThan(0);
    expect(closeOrphans).toHaveBeenCalledOnce();
    expect(takeLock).toHaveBeenCalledTimes(2);
    vi.restoreAllMocks();
  });

  test('a pool that another copy finds stale is replaced by a private one, with a warning', async () => {
    await using opened = await openTestPool(1);
    using warnings = collectWarnings();
    const problem = 'it ended';
    const stale = `portslice:1:memfd:${process.pid}:99:${'0'.repeat(32)}`;
    vi.spyOn(platform.openKernel(), 'attachMemory').mockImplementationOnce((handle) => {
      throw new theirs.PoolStaleError({ handle, problem });
    });
    process.env['PORTSLICE_POOL'] = stale;
    using owner = new TCPPortOwner();
    expect(opened.ports).not.toContain(owner.port);
    expect(await warnings.withCode('PORTSLICE_POOL_UNUSABLE')).toEqual([expect.stringContaining(problem)]);
    vi.restoreAllMocks();
  });

  test('another error of another copy is not swallowed', async () => {
    await using _opened = await openTestPool(1);
    const limit = new theirs.ResourceLimitError({ systemCall: 'open', errnoName: 'EMFILE', limit: 'none' });
    vi.spyOn(platform.openKernel(), 'attachMemory').mockImplementationOnce(() => {
      throw limit;
    });
    process.env['PORTSLICE_POOL'] = `portslice:1:memfd:${process.pid}:98:${'0'.repeat(32)}`;
    expect(await errorOf(ours.ResourceLimitError, () => new TCPPortOwner())).toBe(limit);
    vi.restoreAllMocks();
  });
});
