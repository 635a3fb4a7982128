/** What /proc tells of a process. */

const MAX_DEPTH = 64;

/** The process itself first; ends where /proc does. */
export function findAncestors(processId: number): number[] {
  const chain: number[] = [];
  for (let current = processId; current > 1 && chain.length < MAX_DEPTH; current = readParent(current))
    chain.push(current);
  return chain;
}

/** 0 if unknown. The command, in parentheses, may hold anything, so fields count from the last parenthesis. */
function readParent(processId: number): number {
  try {
    const text = process.getBuiltinModule('node:fs').readFileSync(`/proc/${processId}/stat`, 'latin1');
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}

export function findUser(processId: number): number | undefined {
  return process.getBuiltinModule('node:fs').statSync(`/proc/${processId}`, { throwIfNoEntry: false })?.uid;
}
