/** The abstract names of portslice as /proc/net/unix has them: locks of ports, beacons of pools, names of served ports. */
import { readText } from './proc.ts';
import type { NamedSocket } from './unix-diagnosis.ts';

/** Of all names of portslice. */
export const BEGINNING = 'portslice/';

/** @returns undefined if /proc cannot be read */
export function readUnixTable(): NamedSocket[] | undefined {
  return parseUnixTable(readText('/proc/net/unix'));
}

/** The kernel shows the zero byte that abstract names begin with as @. */
export function parseUnixTable(text: string | undefined): NamedSocket[] | undefined {
  return text?.split('\n').flatMap((line) => {
    const [, , , , , , inode, name] = line.trim().split(/\s+/);
    if (inode === undefined || name?.startsWith(`@${BEGINNING}`) !== true) return [];
    return [{ name: name.slice(1), inode, userId: undefined }];
  });
}
