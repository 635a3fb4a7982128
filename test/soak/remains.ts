/** What the kernel and the file system still have of processes that are gone. */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';

/** Abstract socket addresses of portslice in this network namespace, the @ in front left out. */
export function boundNames(): string[] {
  return read('/proc/net/unix').flatMap((line) => /@(portslice\/.*)$/.exec(line)?.[1] ?? []);
}

/** Local ports of all TCP sockets that the kernel lists: listening, connected or lingering; holds are not among them. */
export function tcpPorts(): number[] {
  const lines = [...read('/proc/net/tcp'), ...read('/proc/net/tcp6')];
  return lines.flatMap((line) => {
    const port = /^\s*\d+: [\dA-F]+:([\dA-F]{4}) /.exec(line)?.[1];
    return port === undefined ? [] : [Number.parseInt(port, 16)];
  });
}

/** Shared memory with a name, of either kind. */
export function namedMemory(): string[] {
  return [...readdirSync('/dev/shm'), ...read('/proc/sysvipc/shm').slice(1)];
}

/** The inode numbers of the pools' memory that a process has open or mapped. */
export function poolMemoryOf(processId: number): ReadonlySet<number> {
  return new Set([...openMemory(processId), ...mappedMemory(processId)]);
}

/** Processes of this machine that have that memory. */
export function processesWith(memory: ReadonlySet<number>): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((processId) => processId > 0 && [...poolMemoryOf(processId)].some((inode) => memory.has(inode)));
}

function openMemory(processId: number): number[] {
  const folder = `/proc/${processId}/fd`;
  return orNothing(() => readdirSync(folder)).flatMap((name) =>
    orNothing(() => {
      const path = `${folder}/${name}`;
      return readlinkSync(path).startsWith('/memfd:portslice') ? [statSync(path).ino] : [];
    }),
  );
}

function mappedMemory(processId: number): number[] {
  return read(`/proc/${processId}/maps`).flatMap((line) => {
    const inode = / (\d+) +\/memfd:portslice/.exec(line)?.[1];
    return inode === undefined ? [] : [Number(inode)];
  });
}

function read(path: string): string[] {
  return orNothing(() => readFileSync(path, 'latin1').split('\n').filter(Boolean));
}

/** Processes and descriptors go while they are looked at. */
function orNothing<T>(look: () => T[]): T[] {
  try {
    return look();
  } catch {
    return [];
  }
}
