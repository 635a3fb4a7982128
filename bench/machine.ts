/** The facts without which a measurement means little: the machine, its load, the versions of everything compared. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const COMPARED_PACKAGES = [
  'koffi',
  'get-port',
  'portfinder',
  'detect-port',
  'get-port-please',
  'vitest',
  '@playwright/test',
] as const;

export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryGiB: number;
  readonly system: string;
  /** Of the last minute, before the measurement. */
  readonly load: number;
  readonly date: string;
  readonly commit: string;
  /** By name. */
  readonly versions: Readonly<Record<string, string>>;
}

/** @param nodeVersions those that are compared, without the one that runs this */
export function readMachine(nodeVersions: readonly string[] = []): Machine {
  const packages = ['portslice', ...COMPARED_PACKAGES].map((name) => [name, readVersion(name)] as const);
  const nodes = [...new Set([...nodeVersions, process.versions.node])];
  return {
    cores: os.availableParallelism(),
    processor: os.cpus()[0]?.model.trim() ?? 'unknown',
    memoryGiB: os.totalmem() / 2 ** 30,
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    load: os.loadavg()[0] as number,
    date: new Date().toISOString().slice(0, 10),
    commit: readCommit(),
    versions: { Node: nodes.join(', '), ...Object.fromEntries(packages) },
  };
}

export function formatMachine(machine: Machine): string {
  const { cores, processor, memoryGiB, system, load, date, commit, versions } = machine;
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return (
    `${cores} cores (${processor}), ${memoryGiB.toFixed(1)} GiB of memory, ${system}. ` +
    `Load before the start ${load.toFixed(2)}, ${date}, commit ${commit}.\n\n${named.join(', ')}.`
  );
}

const root = path.resolve(import.meta.dirname, '..');

function readVersion(name: string): string {
  const folder = name === 'portslice' ? root : path.join(root, 'node_modules', name);
  const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}

function readCommit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}
