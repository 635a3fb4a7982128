/**
 * Parses what the system call for KERN_PROCARGS2 gives: the number of arguments, the program's path, zeros up to a boundary, and
 * the arguments, each with a zero at its end; then the environment.
 */

const COUNT_BYTES = 4;

/** @returns undefined if the bytes are not so */
export function parseArguments(bytes: Buffer): string[] | undefined {
  if (bytes.length < COUNT_BYTES) return undefined;
  const count = bytes.readInt32LE(0);
  let at = bytes.indexOf(0, COUNT_BYTES);
  if (at === -1) return undefined;
  while (at < bytes.length && bytes[at] === 0) at++;
  const found: string[] = [];
  while (found.length < count) {
    const end = bytes.indexOf(0, at);
    if (end === -1) return undefined;
    found.push(bytes.toString('utf8', at, end));
    at = end + 1;
  }
  return found;
}
