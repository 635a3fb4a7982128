/** A process in words, with what tells two of the same program apart: its command line and its folder. */
import { describeCommand, harmless } from '../errors/index.ts';
import type { ProcessStatus } from '../report/status/machine-status.ts';

const MAX_FOLDER_LENGTH = 200;

/** Harmless text. The user is named where it is another one than ours. */
export function describeProcess({ processId, command, folder, userId, userName }: ProcessStatus): string {
  const user = userId === undefined ? undefined : harmless(userName ?? String(userId));
  if (processId === undefined)
    return user === undefined ? 'a process that cannot be seen from here' : `a process of user ${user}`;
  return [
    `pid ${processId}`,
    ...(command === undefined ? [] : [`(${harmless(describeCommand(command))})`]),
    ...(user === undefined || userId === process.getuid?.() ? [] : [`of user ${user}`]),
    ...(folder === undefined ? [] : [`in ${harmless(folder, MAX_FOLDER_LENGTH)}`]),
  ].join(' ');
}

/** The number alone, where the rest is said already. */
export function nameProcess(process: ProcessStatus): string {
  return process.processId === undefined ? describeProcess(process) : `pid ${process.processId}`;
}

/** A socket, or connections. */
export interface WithProcesses {
  readonly processes: readonly ProcessStatus[];
}

export function processesOf(sockets: readonly WithProcesses[]): ProcessStatus[] {
  return sockets.flatMap(({ processes }) => processes);
}

/** Each once: 'one', 'one and two', 'one, two and three'. */
export function enumerate(texts: readonly string[]): string {
  const distinct = [...new Set(texts)];
  const last = distinct.pop() ?? '';
  return distinct.length === 0 ? last : `${distinct.join(', ')} and ${last}`;
}
