/**
 * What the servers of the examples say in their own logs about their port. The times are such that a server certainly
 * listened from the one to the other: it wrote the first after its bind, the second before its close.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { RunnerSpan } from './collisions.ts';

export interface ServerLife extends RunnerSpan {
  /** Its bind was refused with EADDRINUSE, be it only the first time. */
  readonly addressInUse: boolean;
}

/** from is Infinity for a server that never listened. */
export type PortNotes = Pick<ServerLife, 'port' | 'from' | 'until' | 'addressInUse'>;

/** Every server has a folder of its own, which begins with its kind: 'redis-x7Gd2k'. */
export function readServerLogs(folder: string, runner: string): ServerLife[] {
  return readdirSync(folder).flatMap((name) => {
    const kind = /^(node|python|redis|nginx)-/.exec(name)?.[1];
    if (kind === undefined) return [];
    const notes = readServerLog(kind, path.join(folder, name));
    return [{ runner, owner: kind, ...notes }];
  });
}

function readServerLog(kind: string, folder: string): PortNotes {
  const log = path.join(folder, 'server.log');
  const text = readIfThere(log);
  if (kind === 'redis') return parseRedisLog(text);
  if (kind !== 'nginx') return parseProgramLog(text);
  const lastWrittenMs = existsSync(log) ? statSync(log).mtimeMs : 0;
  return parseNginxLogs(text, readIfThere(path.join(folder, 'access.log')), lastWrittenMs);
}

/** A server that never came to writing has no log. */
function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** Our own programs write one JSON object a line. */
export function parseProgramLog(text: string): PortNotes {
  const lines = text.split('\n').filter((line) => line !== '');
  const notes = lines.map((line) => JSON.parse(line) as { event: string; port: number; atMs: number });
  const timesOf = (name: string): number[] =>
    notes.flatMap(({ event, atMs }) => (event === name ? [atMs] : []));
  return {
    port: notes[0]?.port ?? 0,
    from: timesOf('bound')[0] ?? Infinity,
    // One that is restarted keeps its port in between.
    until: timesOf('closing').at(-1) ?? Infinity,
    addressInUse: notes.some(({ event }) => event === 'EADDRINUSE'),
  };
}

/** '123:M 22 Nov 2026 18:34:10.707 * Ready to accept connections', in local time. */
export function parseRedisLog(text: string): PortNotes {
  const timeOf = (event: string): number => {
    const found = new RegExp(`^\\d+:M (\\d+ \\w+ \\d+ [\\d:.]+) . ${event}`, 'm').exec(text);
    return found === null ? Infinity : Date.parse(found[1] as string);
  };
  return {
    port: Number(/port[= ](\d+)/.exec(text)?.[1] ?? 0),
    from: timeOf('Ready to accept connections'),
    until: timeOf('User requested shutdown'),
    addressInUse: text.includes('bind: Address already in use'),
  };
}

/**
 * nginx's error log has no milliseconds. So the server's life begins with its first request, as the access log has it
 * ('1795372420.554 25275'), and ends when the last line of the error log was written.
 */
export function parseNginxLogs(errorLog: string, accessLog: string, lastWrittenMs: number): PortNotes {
  const [seconds, port] = accessLog.split(/\s/);
  const refusal = /bind\(\) to \S+:(\d+) failed \(\d+: Address already in use\)/.exec(errorLog);
  return {
    port: Number(port ?? refusal?.[1] ?? 0),
    from: port === undefined ? Infinity : Number(seconds) * 1000,
    until: errorLog.endsWith(': exit\n') ? lastWrittenMs : Infinity,
    addressInUse: refusal !== null,
  };
}
