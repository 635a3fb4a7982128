/** The abstract names of portslice: locks of ports, beacons of pools, names of served ports. */
import { libc } from './libc.ts';
import { readText } from './proc.ts';
import { dumpNamedSockets, type NamedSocket } from './unix-diagnosis.ts';

const BEGINNING = 'portslice/';

/** @returns undefined if the kernel shows no sockets */
export function readNamedSockets(): readonly NamedSocket[] | undefined {
  return dumpNamedSockets(libc(), BEGINNING) ?? parseUnixTable(readText('/proc/net/unix'));
}

/** /proc/net/unix shows the zero byte that abstract names begin with as @. */
export function parseUnixTable(text: string | undefined): NamedSocket[] | undefined {
  return text?.split('\n').flatMap((line) => {
    const [, , , , , , inode, name] = line.trim().split(/\s+/);
    if (inode === undefined || name?.startsWith(`@${BEGINNING}`) !== true) return [];
    return [{ name: name.slice(1), inode, userId: undefined }];
  });
}
