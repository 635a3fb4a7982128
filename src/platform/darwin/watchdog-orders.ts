/** What the watchdog is told of a tree, after '+MARK:' (tree-guard.ts). */
import type { TreeMark } from '../tree-mark.ts';

const GONE = 'gone';
const ORDER = /^([+-])(\d+)(?::(\??)(\d*):(\d+|gone))?$/;

export type Order =
  | { readonly kind: 'open' | 'close'; readonly mark: TreeMark }
  | {
      readonly kind: 'leader';
      readonly mark: TreeMark;
      readonly processId: number;
      readonly start: number | undefined;
    }
  | { readonly kind: 'member'; readonly mark: TreeMark; readonly start: number }
  | ({ readonly kind: 'starting'; readonly mark: TreeMark } & Starting);

/** A leader that is about to be started: all that can be known of it. */
export interface Starting {
  /** The start of the process that starts it. */
  readonly originStart: number;
  /** That of the youngest process before it. */
  readonly after: number;
}

/** @param start undefined: it has ended already */
export function describeLeader(processId: number, start: number | undefined): string {
  return `${processId}:${start ?? GONE}`;
}

export function describeStarting({ originStart, after }: Starting): string {
  return `?${originStart}:${after}`;
}

export function describeMember(start: number): string {
  return `:${start}`;
}

/** @returns undefined for what is none: the last line of a process that was killed while it wrote it */
export function parseOrder(line: string): Order | undefined {
  const [, sign, mark, isStarting, leader, start] = ORDER.exec(line) ?? [];
  if (mark === undefined) return undefined;
  if (start === undefined) return { kind: sign === '+' ? 'open' : 'close', mark };
  if (isStarting === '?')
    return { kind: 'starting', mark, originStart: Number(leader), after: Number(start) };
  if (leader === '') return start === GONE ? undefined : { kind: 'member', mark, start: Number(start) };
  const known = start === GONE ? undefined : Number(start);
  return { kind: 'leader', mark, processId: Number(leader), start: known };
}
