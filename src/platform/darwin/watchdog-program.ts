/**
 * The watchdog, a program of its own. It reads from its standard input, whose other end only the watched process has. At the end of
 * the input that process is gone, and whatever belongs to a tree that is still open is killed.
 */
import { pause } from '../clock.ts';
import type { TreeMark } from '../tree-mark.ts';
import type { TreeSearch } from '../tree-search.ts';
import { readProcessTable } from './process-table.ts';
import { searchTree } from './process-tree.ts';
import { parseOrder, type Starting } from './watchdog-orders.ts';

/** This bounds it for a tree that starts processes faster than they can be killed. */
const MAX_LOOKS = 200;
const QUIET_LOOKS = 3;
const LOOK_EVERY_MS = 20;

const trees = new Map<TreeMark, TreeSearch>();
/** Trees whose leader may have been started without our being told. */
const starting = new Map<TreeMark, Starting>();
let unfinished = '';

// Whoever ends a job with these means others.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.stdin.setEncoding('latin1');
process.stdin.on('data', (text: string) => {
  const lines = `${unfinished}${text}`.split('\n');
  unfinished = lines.pop() ?? '';
  lines.forEach(obey);
});
// Either way nobody is there any more.
process.stdin.on('error', () => undefined);
process.stdin.on('close', () => void killAll());

function obey(line: string): void {
  const order = parseOrder(line);
  if (order === undefined) return;
  const tree = trees.get(order.mark);
  switch (order.kind) {
    case 'open':
      trees.set(
        order.mark,
        searchTree(order.mark, () => undefined),
      );
      break;
    case 'close':
      trees.delete(order.mark);
      starting.delete(order.mark);
      break;
    case 'starting':
      starting.set(order.mark, order);
      break;
    case 'leader':
      starting.delete(order.mark);
      tree?.addLeader(order.processId, order.start);
      break;
    case 'member':
      tree?.addOrigin(order.start);
  }
}

async function killAll(): Promise<void> {
  if (trees.size === 0) return;
  for (let looks = 0, quiet = 0; looks < MAX_LOOKS && quiet < QUIET_LOOKS; looks++) {
    addUntoldLeaders();
    const signalled = [...trees.values()].map((tree) => tree.signal('SIGKILL'));
    quiet = signalled.every((count) => count === 0) ? quiet + 1 : 0;
    await pause(LOOK_EVERY_MS);
  }
}

/** The process was killed between a start and telling us of it. */
function addUntoldLeaders(): void {
  if (starting.size === 0) return;
  const table = readProcessTable();
  for (const [mark, { originStart, after }] of starting)
    for (const [processId, one] of table)
      if (one.originStart === originStart && one.start > after)
        trees.get(mark)?.addLeader(processId, one.start);
}
