/** PostgreSQL, which does not run as root. */
import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync } from 'node:fs';
import { NOBODY } from './kernel-peer.ts';

/** The beginning of a command that another user runs. */
export const AS_NOBODY: readonly string[] = [
  'setpriv',
  `--reuid=${NOBODY}`,
  `--regid=${NOBODY}`,
  '--clear-groups',
];

/** In a folder that anybody may look into. */
export function initialiseDatabase(initdb: string, data: string): void {
  mkdirSync(data);
  chownSync(data, NOBODY, NOBODY);
  const [program, ...args] = [...AS_NOBODY, initdb, '--no-sync', '--auth=trust', '--username=test', data];
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8', cwd: '/' });
  if (status !== 0) throw new Error(`initdb ended with ${status}: ${stderr}`);
}
