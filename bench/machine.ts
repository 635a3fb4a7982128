/** The facts without which a measurement means little: the machine, its load, the versions of everything compared. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const COMPARED_PACKAGES = [
  'get-port',
  'get-port-please',
  'portfinder',
  'detect-port',
  'vitest',
  '@playwright/test',
  'wait-on',
  'start-server-and-test',
] as const;
const root = path.resolve(import.meta.dirname, '..');

/** One paragraph. The load is the last minute's. */
export function describeMachine(): string {
  const versions = COMPARED_PACKAGES.map((name) => `${name} ${readVersion(path.join('node_modules', name))}`);
  return (
    `Measured on ${new Date().toISOString().slice(0, 10)} at commit ${readCommit()}: ${os.availableParallelism()} cores (${os.cpus()[0]?.model.trim()}), ` +
    `${(os.totalmem() / 2 ** 30).toFixed(1)} GiB of memory, ${os.type()} ${os.release()} ${os.arch()}, load before the start ${os.loadavg()[0]?.toFixed(2)}. ` +
    `Node ${process.versions.node}, portslice ${readVersion('.')}, ${versions.join(', ')}.`
  );
}

function readVersion(folder: string): string {
  const text = readFileSync(path.join(root, folder, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function readCommit(): string {
  const { status, stdout } = spawnSync('git', ['describe', '--always', '--dirty'], {
    cwd: root,
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : 'unknown';
}
