/** Listening processes in words. */
import type { Listener } from '../../platform/port-kernel.ts';

const SHOWN_COMMAND_LENGTH = 120;

export function describeListener({ processId, command, userId }: Listener): string {
  if (processId === undefined) return `a process of user ${userId}`;
  return `pid ${processId} (${shorten(command === undefined || command === '' ? 'unknown command' : command)})`;
}

/** The end of a command tells most (the script and its arguments), long paths before it the least. */
function shorten(command: string): string {
  if (command.length <= SHOWN_COMMAND_LENGTH) return command;
  const headLength = SHOWN_COMMAND_LENGTH / 4;
  return `${command.slice(0, headLength)}…${command.slice(headLength + 1 - SHOWN_COMMAND_LENGTH)}`;
}

export function describeListeners(listeners: readonly Listener[]): string {
  return listeners.length === 0 ? 'some process' : listeners.map(describeListener).join(', ');
}
