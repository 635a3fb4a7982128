/** What scripts without a runner need, on every Node that we support. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from './project.ts';

/** Of inside.ts what scripts need, for a Node that cannot strip types. */
export const INSIDE_JS = `
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout } from 'node:timers/promises';

function log(event, port, text = '') {
  appendFileSync(process.env.INSIDE_LOG, JSON.stringify({ event, port, pid: process.pid, worker: -1, text }) + '\\n');
}

export function readLog() {
  if (!existsSync(process.env.INSIDE_LOG)) return [];
  return readFileSync(process.env.INSIDE_LOG, 'utf8').split('\\n').slice(0, -1).map((line) => JSON.parse(line));
}

export const note = (text) => log('note', 0, text);

export async function serve({ port }) {
  const server = createServer().once('error', () => log('refused', port)).listen(port);
  await once(server, 'listening');
  log('listening', port);
  return server;
}

export async function close(server) {
  log('closed', server.address().port);
  server.close();
  await once(server, 'close');
}

export const isLocked = ({ port }) => readFileSync('/proc/net/unix', 'utf8').includes(' @portslice/' + port + '\\n');

export async function until(condition) {
  while (!condition()) await setTimeout(10);
}
`;

/**
 * The Node of the system, which is not the one that npm has installed for us. Without it the test is skipped; in CI that
 * is a failure.
 */
export function systemNode(): string {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  const found = folders
    .filter((folder) => !folder.includes('node_modules'))
    .map((folder) => path.join(folder, 'node'))
    .find((file) => existsSync(file) && isSupported(file));
  if (found !== undefined) return found;
  if (process.env['CI'] !== undefined) throw new Error('The system has no Node from 20.19 on');
  test.skip(true, 'the system has no Node from 20.19 on');
  return '';
}

function isSupported(file: string): boolean {
  const [major = 0, minor = 0] = execFileSync(file, ['-p', 'process.versions.node'], { encoding: 'utf8' })
    .split('.')
    .map(Number);
  return major > 20 || (major === 20 && minor >= 19);
}
