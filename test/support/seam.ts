/**
 * Where tests get between portslice and what it shares with others: the calls of the kernel and the atomic instructions.
 * Whoever interposes gets each of them with its arguments, and does it, does something else, or stops there.
 */
import type { Platform, PortKernel } from '../../src/platform/port-kernel.ts';

type Act = (...args: readonly unknown[]) => unknown;

/** @param act does what was called; with other arguments, if need be */
export type Around = (name: string, args: readonly unknown[], act: Act) => unknown;

/** From now on in this thread. */
export function interposeKernel(platform: Platform, around: Around): void {
  const openKernel = platform.openKernel.bind(platform);
  let kernel: PortKernel | undefined;
  platform.openKernel = () => (kernel ??= surround(openKernel(), around));
}

/** From now on in this thread. */
export function interposeAtomics(around: Around): void {
  globalThis.Atomics = surround(Atomics, around);
}

/** An object with the same members. The memory that a kernel makes has functions of its own. */
function surround<T extends object>(object: T, around: Around): T {
  const members = Object.getOwnPropertyNames(object).map((name) => {
    const member = object[name as keyof T];
    if (typeof member !== 'function') return [name, member];
    const act: Act = (...args) => member.apply(object, args) as unknown;
    const surrounded: Act = (...args) => {
      const result = around(name, args, act);
      return name === 'createMemory' ? surround(result as object, around) : result;
    };
    return [name, surrounded];
  });
  return Object.fromEntries(members) as T;
}
