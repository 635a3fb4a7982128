/** Copied into projects as inside.ts, for their tests: real servers, which log by themselves when they bind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { setTimeout } from 'node:timers/promises';

export interface LogEntry {
  readonly event: 'listening' | 'closed' | 'refused' | 'note';
  readonly port: number;
  readonly pid: number;
  /** Which of Playwright's workers, from 0. */
  readonly worker: number;
  readonly text: string;
}

/** Lines of one write each, so that the entries of several processes keep their order. */
function log(event: LogEntry['event'], port: number, text = '', pid = process.pid): void {
  const worker = Number(process.env['TEST_PARALLEL_INDEX'] ?? -1);
  const entry: LogEntry = { event, port, pid, worker, text };
  appendFileSync(process.env['INSIDE_LOG'] as string, `${JSON.stringify(entry)}\n`);
}

export function readLog(path = process.env['INSIDE_LOG'] as string): LogEntry[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as LogEntry);
}

export function note(text: string, port: { port: number } = { port: 0 }): void {
  log('note', port.port, text);
}

/** A server in this process. Rejects with what `listen` says. */
export async function serve({ port }: { port: number }): Promise<Server> {
  const server = createServer((_request, response) => response.end(`pid ${process.pid}`));
  server.once('error', () => log('refused', port));
  server.listen(port);
  await once(server, 'listening');
  log('listening', port);
  return server;
}

export async function close(server: Server): Promise<void> {
  const { port } = server.address() as { port: number };
  // Before it happens: the next owner may listen before we could say so afterwards.
  log('closed', port);
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

const CHILD = `
const server = require('node:http').createServer((_, response) => response.end('child'));
server.listen(Number(process.argv[1]), () => console.log('listening'));
process.on('SIGTERM', () => setTimeout(() => process.exit(), 20));
`;

/** A server in a process of its own, which knows nothing of portslice, and takes a moment to end. */
export async function startServerProcess({
  port,
}: {
  port: number;
}): Promise<ChildProcess & { pid: number }> {
  const child = spawn(process.execPath, ['-e', CHILD, String(port)], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  log('listening', port, 'child', child.pid);
  return child as typeof child & { pid: number };
}

/** Whether any process has the port's lock. */
export function isLocked({ port }: { port: number }): boolean {
  return readFileSync('/proc/net/unix', 'utf8').includes(` @portslice/${port}\n`);
}

/** Whether any socket listens: one that is closed, too, while a child that its process has just forked has a copy. */
export function isListening({ port }: { port: number }): boolean {
  const listening = new RegExp(`:${port.toString(16).toUpperCase().padStart(4, '0')} \\S+ 0A `);
  return ['/proc/net/tcp', '/proc/net/tcp6'].some((table) => listening.test(readFileSync(table, 'utf8')));
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setTimeout(10);
}
