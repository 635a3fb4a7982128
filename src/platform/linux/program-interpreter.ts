/**
 * Which C library this process runs on. A file of musl proves nothing: Debian's package `musl` puts its loader beside glibc's.
 * What counts is the loader (the interpreter, in ELF's words) that the running program names.
 */
import { fileSystem } from '../file-system.ts';

/** musl's loader always lies in /lib, under its own name of the processor. */
const MUSL_PROCESSORS: Readonly<Record<string, string>> = {
  x64: 'x86_64',
  arm64: 'aarch64',
  riscv64: 'riscv64',
  loong64: 'loongarch64',
};

// ELF, 64 bits, little-endian: offsets in the header of the file and in each program header.
const HEADER_BYTES = 64;
const PROGRAM_HEADERS_AT = 32;
const PROGRAM_HEADER_BYTES_AT = 54;
const PROGRAM_HEADER_COUNT_AT = 56;
const SEGMENT_OFFSET_AT = 8;
const SEGMENT_BYTES_AT = 32;
const PT_INTERP = 3;

/** Two steps, since the first one, which is enough almost everywhere, takes a tenth of the time of the second. */
export function runsOnMusl(): boolean {
  const processor = MUSL_PROCESSORS[process.arch];
  if (!fileSystem().existsSync(`/lib/ld-musl-${processor}.so.1`)) return false;
  return readInterpreter(process.execPath)?.includes('/ld-musl-') ?? false;
}

/**
 * The path of the loader that an ELF program of 64 bits asks for. undefined if it asks for none, or is no such program.
 * @internal
 */
export function readInterpreter(program: string): string | undefined {
  const { closeSync, openSync, readSync } = fileSystem();
  const descriptor = openSync(program, 'r');
  const read = (position: number, byteLength: number): Buffer => {
    const bytes = Buffer.alloc(byteLength);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, byteLength, position));
  };
  try {
    return findInterpreter(read);
  } finally {
    closeSync(descriptor);
  }
}

function findInterpreter(read: (position: number, byteLength: number) => Buffer): string | undefined {
  const header = read(0, HEADER_BYTES);
  if (header.length < HEADER_BYTES || !header.toString('latin1', 0, 4).endsWith('ELF')) return undefined;
  const segmentHeaderBytes = header.readUInt16LE(PROGRAM_HEADER_BYTES_AT);
  const segmentHeaders = read(
    Number(header.readBigUInt64LE(PROGRAM_HEADERS_AT)),
    segmentHeaderBytes * header.readUInt16LE(PROGRAM_HEADER_COUNT_AT),
  );
  for (let at = 0; at < segmentHeaders.length; at += segmentHeaderBytes) {
    if (segmentHeaders.readUInt32LE(at) !== PT_INTERP) continue;
    const offset = Number(segmentHeaders.readBigUInt64LE(at + SEGMENT_OFFSET_AT));
    const byteLength = Number(segmentHeaders.readBigUInt64LE(at + SEGMENT_BYTES_AT));
    // A C string: its last byte is 0.
    return read(offset, byteLength).toString('latin1', 0, byteLength - 1);
  }
  return undefined;
}
