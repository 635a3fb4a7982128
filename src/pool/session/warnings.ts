/** What the user is told once, in one line. */
import { HeaderWord } from '../../core/segment-layout.ts';
import type { Segment } from '../../core/segment.ts';
import { threadState } from '../../platform/thread-state.ts';

/** The order is part of the segment's layout: a warning's place is its bit. */
const WARNINGS = [
  'PORTSLICE_NO_POOL',
  'PORTSLICE_POOL_UNUSABLE',
  'PORTSLICE_EPHEMERAL_GUESSED',
  'PORTSLICE_EPHEMERAL_OVERLAP',
  'PORTSLICE_WHOLE_RANGE',
  'PORTSLICE_WEAK_HOLD',
  'PORTSLICE_NO_IPV6',
  'PORTSLICE_NARROW_HOLD',
] as const;
export type WarningCode = (typeof WARNINGS)[number];

/** Warns once in this thread. */
export function warnOnce(code: WarningCode, message: string): void {
  const warned = threadState('warned', () => new Set<WarningCode>());
  if (warned.has(code)) return;
  warned.add(code);
  warn(code, message);
}

/** Warns once in the whole run. */
export function warnOnceInRun(segment: Segment, code: WarningCode, message: string): void {
  if (segment.setFlagOnce(HeaderWord.warnedFlags, WARNINGS.indexOf(code))) warn(code, message);
}

/** Warns each time. In one line, whatever names of tests, files and handles the message quotes. */
export function warn(
  code: WarningCode | 'PORTSLICE_LEAK' | 'PORTSLICE_ADDRESS_IN_USE',
  message: string,
): void {
  process.emitWarning(message.replaceAll(/\p{Cc}+/gu, ' '), { type: 'PortsliceWarning', code });
}
