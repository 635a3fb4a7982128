/** What /proc tells people of a process, and of the users of this machine. */
import { epochMs } from '../clock.ts';
import type { ProcessDescription } from '../machine-lookup.ts';
import { readCommand, readLink, readText } from './proc.ts';
import { readLivingStatus } from './process-table.ts';
import { findUser } from './processes.ts';

/** USER_HZ, the unit of times in /proc, on every processor that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Undefined for a process that has ended, also if its parent has not looked yet. */
export function describeProcess(processId: number): ProcessDescription | undefined {
  const status = readLivingStatus(processId);
  if (status === undefined) return undefined;
  const innerProcessId = readNumbers(processId, 'NSpid').at(-1);
  // Of a kernel's thread there is none.
  const command = readCommand(processId);
  const startMs = systemStartMs();
  return {
    processId,
    innerProcessId: innerProcessId === processId ? undefined : innerProcessId,
    command: command === '' ? undefined : command,
    folder: readLink(`/proc/${processId}/cwd`) || undefined,
    userId: findUser(processId),
    startedAtMs: startMs && Math.round(startMs + (status.start / TICKS_PER_SECOND) * 1000),
  };
}

/** Undefined for one that has ended. */
export function findProcessOfThread(threadId: number): number | undefined {
  const [processId] = readNumbers(threadId, 'Tgid');
  return processId !== undefined && readLivingStatus(processId) !== undefined ? processId : undefined;
}

/** From the machine's own list: others would be asked for over a network. */
export function findUserName(userId: number): string | undefined {
  return parseUserNames(readText('/etc/passwd', 'utf8') ?? '').get(userId);
}

export function parseUserNames(text: string): ReadonlyMap<number, string> {
  const rows = text.split('\n').map((line) => line.split(':'));
  return new Map(
    rows
      .flatMap(([name, , userId]) => (name && userId ? [[Number(userId), name] as const] : []))
      .toReversed(),
  );
}

/** Such a line of /proc/<pid>/status: the number in each process namespace, ours first. */
function readNumbers(threadId: number, key: string): number[] {
  const [, numbers] =
    new RegExp(`^${key}:\\s*(.*)$`, 'm').exec(readText(`/proc/${threadId}/status`) ?? '') ?? [];
  return numbers?.split(/\s+/).map(Number) ?? [];
}

/** In milliseconds since 1970; the same each time, so that a process does not seem to be another one. */
let startMs: number | undefined;

function systemStartMs(): number | undefined {
  if (startMs !== undefined) return startMs;
  const uptimeSeconds = Number(readText('/proc/uptime')?.split(' ')[0]);
  if (Number.isFinite(uptimeSeconds)) startMs = epochMs() - uptimeSeconds * 1000;
  return startMs;
}
