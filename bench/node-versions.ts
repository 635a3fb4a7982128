/**
 * The versions of Node that are compared. The newest is a development dependency; the others are installed from the
 * package registry into a folder that git ignores, the first time they are asked for.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

export interface NodeVersion {
  /** Such as '22.23.3'. */
  readonly version: string;
  readonly path: string;
}

const OLDER_MAJORS = [22, 24] as const;
const INSTALL_TIMEOUT_MS = 180_000;
const root = path.resolve(import.meta.dirname, '..');
const run = promisify(execFile);

/** Ascending. One that cannot be installed is left out, and said so. */
export async function nodeVersions(): Promise<NodeVersion[]> {
  const found: NodeVersion[] = [];
  for (const major of OLDER_MAJORS) {
    try {
      found.push(await olderNode(major));
    } catch (error) {
      console.error(`Node ${major} is left out, it cannot be installed: ${(error as Error).message}`);
    }
  }
  const newest = path.join(root, 'node_modules/node/bin/node');
  return [...found, { version: await versionOf(newest), path: newest }];
}

async function olderNode(major: number): Promise<NodeVersion> {
  const folder = path.join(root, '.tmp', `node-${major}`);
  const file = path.join(folder, 'node_modules/node/bin/node');
  const installed = await ofMajor(major, file).catch(() => undefined);
  if (installed !== undefined) return installed;
  console.error(`Installing Node ${major} in .tmp ...`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // The script of the package `node` installs the binary; npm 12 must be told that it may.
  const options = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts=false', '--allow-scripts=node'];
  await run('npm', ['install', '--prefix', folder, ...options, `node@${major}`], {
    timeout: INSTALL_TIMEOUT_MS,
  });
  return ofMajor(major, file);
}

/** @throws if there is none, or another one */
async function ofMajor(major: number, file: string): Promise<NodeVersion> {
  const version = await versionOf(file);
  if (!version.startsWith(`${major}.`)) throw new Error(`${file} is Node ${version}`);
  return { version, path: file };
}

async function versionOf(file: string): Promise<string> {
  const { stdout } = await run(file, ['-p', 'process.versions.node']);
  return stdout.trim();
}
