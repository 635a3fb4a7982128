/**
 * portslice on a kernel that does not do what it should, to see that a proof notices. The faults are in the URL:
 * `?lock=off` (nobody is kept out, and holds are bound so that they do not keep each other out either), `?hold=off` (strangers are not kept out), `?lost=20001` (that port's lock is never
 * closed), `?dead=spared` (nobody gets the lock of a port whose record says that someone has it).
 */
import { openSync } from 'node:fs';
import { PortState, stateOf } from '../../src/core/port-state.ts';
import { DUAL_WILDCARD } from '../../src/platform/internet-address.ts';
import { bindOne } from '../../src/platform/linux/bound-addresses.ts';
import { HELD_OVER_OTHERS } from '../../src/platform/linux/hold.ts';
import { libc } from '../../src/platform/linux/libc.ts';
import { platform } from '../../src/platform/platform.ts';
import type { Hold } from '../../src/platform/port-kernel.ts';
import { hasHolds } from './kernel-traits.ts';
import { type Around, interposeAtomics, interposeKernel } from './seam.ts';
import { portOfStateWord } from './segment-words.ts';

export * from '../../src/index.ts';

const faults = new URL(import.meta.url).searchParams;
const lostLocks = new Set<unknown>();
let hasJustSwapped = false;
let lockCount = 0;

interposeAtomics((name, args, act) => {
  const [words, index, expected, desired] = args as [Int32Array<ArrayBuffer>, number, number, number];
  const result = act(...args);
  if (name === 'compareExchange' && portOfStateWord(words, index) !== undefined)
    hasJustSwapped = result === expected && stateOf(desired) === PortState.claiming;
  return result;
});

const weaken: Around = (name, args, act) => {
  switch (name) {
    case 'takeLock':
      return takeLock(args[0] as number, act);
    case 'takeHold':
    case 'takeHoldOverLeftovers':
      if (faults.get('lock') === 'off' && hasHolds) return takeHoldBesideOthers(args[0] as number);
      return faults.get('hold') === 'off'
        ? withoutDescriptors(act(...args) as Hold | undefined)
        : act(...args);
    case 'closeDescriptors':
      return act((args[0] as number[]).filter((descriptor) => !lostLocks.has(descriptor)));
    default:
      return act(...args);
  }
};
interposeKernel(platform, weaken);

function takeLock(port: number, act: (port: number) => unknown): unknown {
  if (faults.get('dead') === 'spared' && !hasJustSwapped) return undefined;
  hasJustSwapped = false;
  const lock = faults.get('lock') === 'off' ? takeNobodysLock(act) : act(port);
  if (lock !== undefined && port === Number(faults.get('lost'))) lostLocks.add(lock);
  return lock;
}

/** Of a number that nobody will ask for again; where ports alone can be locked, no lock at all. */
function takeNobodysLock(act: (port: number) => unknown): unknown {
  return hasHolds ? act(process.pid * 1e6 + ++lockCount) : openSync('/dev/null', 'r');
}

function takeHoldBesideOthers(port: number): Hold | undefined {
  const descriptor = bindOne(libc(), port, DUAL_WILDCARD, HELD_OVER_OTHERS);
  return descriptor === undefined
    ? undefined
    : { kind: 'held', descriptors: [descriptor], addresses: 'everywhere' };
}

function withoutDescriptors(hold: Hold | undefined): Hold | undefined {
  platform.openKernel().closeDescriptors(hold?.descriptors ?? []);
  return hold && { ...hold, kind: 'checked', descriptors: [] };
}
