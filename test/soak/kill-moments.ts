/** At which moments a process is killed, by phase, and how a victim gets there. */
import type { PausePoint } from './pause-points.ts';

export type Act =
  | 'create'
  | 'attach'
  | 'claim'
  | 'claim all'
  | 'serve'
  | 'release'
  | 'seal'
  | 'give back a set'
  | 'borrow'
  | 'work';

export interface Moment {
  readonly phase: Phase;
  readonly act: Act;
  /** Where the victim stops in this act. Undefined: at its end, or in `work` nowhere. */
  readonly point?: PausePoint;
  /** Before it, a worker that had every port was killed, and nobody has looked since. */
  readonly afterAnother?: boolean;
}

export const PHASES = [
  'create',
  'attach',
  'between CAS and lock',
  'between lock and hold',
  'held',
  'releasing',
  'borrowing',
] as const;
export type Phase = (typeof PHASES)[number] | 'random';

export const moments: readonly Moment[] = [
  { phase: 'create', act: 'create', point: 'the memory is empty' },
  { phase: 'create', act: 'create', point: 'the magic is missing' },
  { phase: 'create', act: 'create', point: 'the beacon is bound' },
  { phase: 'create', act: 'create' },
  { phase: 'attach', act: 'attach', point: 'the memory is mapped' },
  { phase: 'attach', act: 'attach', point: 'the memory is verified' },
  { phase: 'attach', act: 'attach' },
  { phase: 'between CAS and lock', act: 'claim', point: 'the record is swapped' },
  { phase: 'between lock and hold', act: 'claim', point: 'the lock is taken' },
  {
    phase: 'between lock and hold',
    act: 'claim',
    point: 'the lock of the dead is taken',
    afterAnother: true,
  },
  { phase: 'between lock and hold', act: 'claim', point: 'the lock is taken', afterAnother: true },
  { phase: 'held', act: 'claim', point: 'the hold is taken' },
  { phase: 'held', act: 'claim' },
  { phase: 'held', act: 'claim all' },
  { phase: 'held', act: 'claim all', afterAnother: true },
  { phase: 'held', act: 'serve' },
  { phase: 'held', act: 'seal' },
  { phase: 'releasing', act: 'release', point: 'the probe is done' },
  { phase: 'releasing', act: 'release', point: 'the record says releasing' },
  { phase: 'releasing', act: 'release', point: 'the hold is closed' },
  { phase: 'releasing', act: 'release', point: 'the lock is closed' },
  { phase: 'releasing', act: 'seal', point: 'the hold is closed for a seal' },
  { phase: 'releasing', act: 'give back a set', point: 'an incomplete set goes back' },
  { phase: 'borrowing', act: 'borrow', point: 'the record is swapped' },
  { phase: 'borrowing', act: 'borrow', point: 'the lock is taken' },
  { phase: 'borrowing', act: 'borrow', point: 'the hold is taken' },
  { phase: 'borrowing', act: 'borrow', point: 'the lock of the dead is taken', afterAnother: true },
  { phase: 'borrowing', act: 'borrow' },
];

export const atRandom: Moment = { phase: 'random', act: 'work' };

export function momentsOf(phase: Phase): readonly Moment[] {
  return phase === 'random' ? [atRandom] : moments.filter((moment) => moment.phase === phase);
}

export function nameOf({ phase, act, point, afterAnother = false }: Moment): string {
  return `${phase} (${act}: ${point ?? 'done'}${afterAnother ? ', after another' : ''})`;
}
