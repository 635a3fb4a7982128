/** Listening processes in words. */
import type { Listener } from '../platform/port-kernel.ts';

const SHOWN_COMMAND_LENGTH = 100;

export function describeListener({ processId, command, userId }: Listener): string {
  if (processId === undefined) return `a process of user ${userId}`;
  const shown =
    command === undefined || command === '' ? 'unknown command' : command.slice(0, SHOWN_COMMAND_LENGTH);
  return `pid ${processId} (${shown})`;
}

export function describeListeners(listeners: readonly Listener[]): string {
  return listeners.length === 0 ? 'some process' : listeners.map(describeListener).join(', ');
}
