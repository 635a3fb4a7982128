/** Network and mount namespaces of their own for processes, where the kernel's settings can be changed. */
import { spawnSync } from 'node:child_process';
import { systemNeeds } from '../../scripts/system-needs.ts';

export const isRoot: boolean = process.getuid?.() === 0;

/**
 * The wrapper command that runs a shell line and then the program in new namespaces.
 * @returns undefined where that is not possible
 */
export function namespaceWrapper(setup = 'true'): readonly string[] | undefined {
  const { unshare = 'unshare' } = systemNeeds();
  const options = ['--net', '--mount', ...(isRoot ? [] : ['--map-root-user'])];
  const wrapper = [unshare, ...options, 'sh', '-ec', `${setup}\nexec "$0" "$@"`];
  const works = spawnSync(unshare, [...options, 'true']).status === 0;
  if (!works && process.env['CI'] !== undefined) throw new Error('unshare does not work on this machine.');
  return works ? wrapper : undefined;
}
