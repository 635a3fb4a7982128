import { expect, it } from 'vitest';
import { CLAIM_CALLS, type ClaimCall } from '../../bench/claim-calls.ts';
import { TCPPortOwner } from '../../src/index.ts';
import { AF_UNIX, SO_REUSEADDR, SO_REUSEPORT } from '../../src/platform/linux/constants.ts';
import { libc, type LibC } from '../../src/platform/linux/libc.ts';

const CYCLES = 20;
const OPTIONS: Readonly<Record<number, string>> = {
  [SO_REUSEADDR]: 'SO_REUSEADDR',
  [SO_REUSEPORT]: 'SO_REUSEPORT',
};

it('The bare calls of the benchmark are those of a claim and its release', () => {
  // Opens the pool, and asks the kernel what is asked once.
  new TCPPortOwner().cleanup();
  const recorded = Array.from({ length: CYCLES }, () => recordCalls(() => new TCPPortOwner().cleanup()));
  // Where another process has the port, a claim goes on with the next one.
  expect(recorded).toContainEqual(CLAIM_CALLS);
});

/** All calls of this thread to the C library, in the words of the list. */
function recordCalls(act: () => void): ClaimCall[] {
  const c: { -readonly [Name in keyof LibC]: LibC[Name] } = libc();
  const original = { ...c };
  const calls: unknown[] = [];
  const sockets = new Map<number, 'lock' | 'hold'>();
  const record = (name: string, descriptor: number, ...rest: unknown[]): number =>
    calls.push([name, sockets.get(descriptor), ...rest]);
  c.socket = (domain, ...rest) => {
    const descriptor = original.socket(domain, ...rest);
    sockets.set(descriptor, domain === AF_UNIX ? 'lock' : 'hold');
    record('socket', descriptor);
    return descriptor;
  };
  for (const name of ['bind', 'listen', 'close', 'getsockopt', 'getsockname', 'fcntl'] as const) {
    const call: (...args: number[]) => number = original[name];
    c[name] = (...args: number[]) => {
      record(name, args[0] as number);
      return call(...args);
    };
  }
  c.setsockopt = (descriptor, level, option, value, byteLength) => {
    record('setsockopt', descriptor, OPTIONS[option], c.scratch.readInt32LE(value - c.scratchPointer));
    return original.setsockopt(descriptor, level, option, value, byteLength);
  };
  try {
    act();
  } finally {
    Object.assign(c, original);
  }
  return calls as ClaimCall[];
}
