/** Ancestors and descendants of a process, where the system tells the parent of each: a number, 0 for an unknown one. */

const MAX_DEPTH = 64;

type FindParent = (processId: number) => number;

/** The process itself first; ends where the system does not tell more. */
export function ancestorsOf(processId: number, findParent: FindParent): number[] {
  const chain: number[] = [];
  for (let current = processId; current > 1 && chain.length < MAX_DEPTH; current = findParent(current))
    chain.push(current);
  return chain;
}

/** Children first, then theirs, and so on. @param all every process */
export function descendantsOf(processId: number, all: readonly number[], findParent: FindParent): number[] {
  const parents = new Map(all.map((child) => [child, findParent(child)]));
  const family = [processId];
  // The list grows while it is read: with every process that is found come its children.
  for (const member of family)
    for (const [child, parent] of parents)
      if (parent === member && !family.includes(child)) family.push(child);
  return family.slice(1);
}
