/** By what the processes of a tree are recognised, wherever they went: a variable of their environment with a number in its name. */

/** A number in decimal. */
export type TreeMark = string;

const VARIABLE_PREFIX = 'PORTSLICE_TREE_';

/** @param bytes 8 of them, unpredictable. All marks have about the same length, and none is another one's beginning in a list. */
export function treeMarkFrom(bytes: Buffer): TreeMark {
  return String(bytes.readBigUInt64LE() >> 2n);
}

export function markVariable(mark: TreeMark): string {
  return `${VARIABLE_PREFIX}${mark}`;
}
