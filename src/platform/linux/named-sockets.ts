/** The abstract names of portslice: locks of ports, beacons of pools, names of served ports. */
import { libc } from './libc.ts';
import { dumpNamedSockets, type NamedSocket } from './unix-diagnosis.ts';
import { BEGINNING, readUnixTable } from './unix-table.ts';

/** @returns undefined if the kernel shows no sockets */
export function readNamedSockets(): readonly NamedSocket[] | undefined {
  return dumpNamedSockets(libc(), BEGINNING) ?? readUnixTable();
}
