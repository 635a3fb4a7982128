/**
 * Starts a command through a shell that becomes the program. It sets the tree's mark among the limits: set from here, a moment after
 * the start, the mark comes too late for whatever a short script has started by then. And it knows its own process id.
 */
import type { CommandPlace } from '../process-tree.ts';
import { startThroughShell } from '../through-shell.ts';
import type { TreeMark } from '../tree-mark.ts';

/** dash and busybox name the limit -w, bash -x. */
const SET_MARK = '{ ulimit -S -w "$0" || ulimit -S -x "$0"; } 2>/dev/null; ';

export function throughShell(
  command: readonly string[],
  place: CommandPlace,
  mark: TreeMark | undefined,
): readonly string[] {
  return mark === undefined
    ? startThroughShell(command, place)
    : startThroughShell(command, place, SET_MARK, mark);
}
