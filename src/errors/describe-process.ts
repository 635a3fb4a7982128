/** Processes in messages. */
import { ELLIPSIS, isolate, withoutControls } from './harmless.ts';

/** What is known of a process. Each fact is undefined where the system does not tell. */
export interface ProcessDescription {
  readonly processId?: number | undefined;
  readonly command?: string | undefined;
  readonly userId?: number | undefined;
  /** What the process has a port for. */
  readonly label?: string | undefined;
}

const SHOWN_COMMAND_LENGTH = 120;

export function describeProcess({ processId, command, userId }: ProcessDescription): string {
  if (processId !== undefined) return `pid ${processId} (${describeCommand(command)})`;
  return userId === undefined ? 'a process that cannot be seen from here' : `a process of user ${userId}`;
}

/** The end of a command tells most (the script and its arguments), long paths before it the least. */
export function describeCommand(command: string | undefined): string {
  const shown = withoutControls(command ?? '');
  if (shown === '') return 'unknown command';
  if (shown.length <= SHOWN_COMMAND_LENGTH) return isolate(shown);
  const headLength = SHOWN_COMMAND_LENGTH / 4;
  return isolate(shown.slice(0, headLength) + ELLIPSIS + shown.slice(headLength + 1 - SHOWN_COMMAND_LENGTH));
}
