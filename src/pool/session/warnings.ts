/** What the user is told, in one line. */
import { HeaderWord } from '../../core/segment-layout.ts';
import type { Segment } from '../../core/segment.ts';
import { harmless } from '../../errors/index.ts';
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
  'PORTSLICE_SERVER_TREE',
  'PORTSLICE_LOCK_IN_THE_WAY',
] as const;
const TYPE = 'PortsliceWarning';

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
  code:
    | WarningCode
    | 'PORTSLICE_LEAK'
    | 'PORTSLICE_ADDRESS_IN_USE'
    | 'PORTSLICE_SERVER_HOLD'
    | 'PORTSLICE_SERVER_KILLED'
    | 'PORTSLICE_SERVER_LEFT',
  message: string,
): void {
  const warning = toWarning(code, harmless(message, Infinity));
  if (isExiting()) deliver(warning);
  else deliverSoon(warning);
}

interface Warning extends Error {
  readonly code: string;
}

/** As Node makes them, with the stack of whoever warns. */
function toWarning(code: string, message: string): Warning {
  const warning = Object.assign(new Error(message), { name: TYPE, code });
  Error.captureStackTrace(warning, warn);
  return warning;
}

/** Not delivered yet. */
const pending = new Set<Warning>();

/**
 * Node delivers a warning on the next tick, which never comes where the process exits before: in a script that calls
 * process.exit() after cleanup(), or a worker of Playwright after its last teardown. Then the warning is delivered as
 * the process exits.
 */
function deliverSoon(warning: Warning): void {
  if (pending.size === 0) process.once('exit', deliverPending);
  pending.add(warning);
  // This tick comes right before Node's, in which a listener may end the process: none must be called twice.
  process.nextTick(() => {
    pending.delete(warning);
    if (pending.size === 0) process.off('exit', deliverPending);
  });
  // Not the warning itself: in a vm context it is no Error to Node.
  process.emitWarning(warning.message, { type: TYPE, code: warning.code, ctor: warn });
}

function deliverPending(): void {
  for (const warning of pending) deliver(warning);
  pending.clear();
}

/** As Node does, whose own listener prints at once and knows all its options: --no-warnings, --disable-warning and so on. */
function deliver({ name, message, code, stack }: Warning): void {
  // In a vm context our Error is none to that listener.
  const { Error: MainError } = process
    .getBuiltinModule('node:vm')
    .runInThisContext('globalThis') as typeof globalThis;
  process.emit('warning', Object.assign(new MainError(message), { name, code, stack }));
}

/** In a listener to 'exit' there is no next tick either, and a listener that is added then is not called any more. */
function isExiting(): boolean {
  return (process as { _exiting?: boolean })._exiting === true;
}
