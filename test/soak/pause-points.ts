/**
 * Stops portslice in the middle of what it does: before or after a call of the kernel or an atomic instruction. It is
 * portslice as it is in src; what it does between two of them, nobody else sees.
 */
import { PortState, stateOf } from '../../src/core/port-state.ts';
import { SEGMENT_MAGIC } from '../../src/core/segment-layout.ts';
import { platform } from '../../src/platform/platform.ts';
import { type Around, interposeAtomics, interposeKernel } from '../support/seam.ts';
import { portOfStateWord } from '../support/segment-words.ts';

interface Step {
  readonly isOver: boolean;
  readonly name: string;
  readonly args: readonly unknown[];
  /** Once it is over. */
  readonly result: unknown;
}

type Test = (step: Step) => boolean;

const before =
  (...names: string[]): Test =>
  ({ isOver, name }) =>
    !isOver && names.includes(name);
const after =
  (...names: string[]): Test =>
  ({ isOver, name, result }) =>
    isOver && names.includes(name) && result !== undefined;

const POINTS = {
  'the memory is empty': after('createMemory'),
  'the magic is missing': (step) => before('store')(step) && step.args[2] === SEGMENT_MAGIC,
  'the beacon is bound': ({ isOver, name }) => isOver && (name === 'takeName' || name === 'announce'),
  'the memory is mapped': after('attachMemory'),
  'the memory is verified': after('networkNamespace'),
  'the record is swapped': (step) => step.isOver && isClaiming(step) && step.result === step.args[2],
  'the lock of the dead is taken': (step) => after('takeLock')(step) && !isClaiming(lastStep),
  'the lock is taken': before('takeHold', 'checkStrictly'),
  'the hold is taken': moving('claiming', 'held'),
  'the probe is done': after('somethingListens', 'somethingListensBeside'),
  'an incomplete set goes back': moving('claiming', 'releasing'),
  'the record says releasing': (step) => before('closeDescriptors')(step) && isReleasing,
  'the hold is closed': (step) => before('closeDescriptors')(step) && closesLock(step),
  'the lock is closed': ({ isOver, ...step }) => isOver && closesLock(step),
  'the hold is closed for a seal': before('takeSeal'),
} as const satisfies Record<string, Test>;

export type PausePoint = keyof typeof POINTS;

let lastStep: Pick<Step, 'name' | 'args'> = { name: '', args: [] };
let isReleasing = false;
const locks = new Set<unknown>();

/** Whether the step swaps a state word to that of a new claim. */
function isClaiming({ name, args }: Pick<Step, 'name' | 'args'>): boolean {
  return swapsTo('claiming', name, args);
}

function swapsTo(state: keyof typeof PortState, name: string, args: readonly unknown[]): boolean {
  if (name !== 'compareExchange') return false;
  const [words, index, , desired] = args as [Int32Array<ArrayBuffer>, number, number, number];
  return portOfStateWord(words, index) !== undefined && stateOf(desired) === PortState[state];
}

function moving(from: keyof typeof PortState, to: keyof typeof PortState): Test {
  return ({ isOver, name, args }) =>
    !isOver && swapsTo(to, name, args) && stateOf(args[2] as number) === PortState[from];
}

function closesLock({ name, args }: Pick<Step, 'name' | 'args'>): boolean {
  return name === 'closeDescriptors' && (args[0] as number[]).some((descriptor) => locks.has(descriptor));
}

/** @param arriveAt is called at each point that lies in what this thread does from now on */
export function watchPausePoints(arriveAt: (point: PausePoint) => void): void {
  const look = (step: Step): void => {
    for (const [point, test] of Object.entries(POINTS)) if (test(step)) arriveAt(point as PausePoint);
  };
  const around: Around = (name, args, act) => {
    look({ isOver: false, name, args, result: undefined });
    const result = act(...args);
    look({ isOver: true, name, args, result });
    if (name === 'takeLock') locks.add(result);
    if (name === 'compareExchange') isReleasing = swapsTo('releasing', name, args);
    lastStep = { name, args };
    return result;
  };
  interposeKernel(platform, around);
  interposeAtomics(around);
}
