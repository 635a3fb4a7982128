/**
 * Claims and releases ports one after another, for strace. Before each cycle it looks for a file that does not exist, which
 * the trace shows. usage: node call-trace.program.ts <URL of portslice> <cycles> <file>
 */
import { accessSync } from 'node:fs';
import type * as Portslice from '../src/index.ts';

const [source = '', cycles, mark = ''] = process.argv.slice(2);
const { TCPPortOwner } = (await import(source)) as typeof Portslice;

for (let cycle = 0; cycle <= Number(cycles); cycle++) {
  try {
    accessSync(mark);
  } catch {
    // As expected.
  }
  if (cycle < Number(cycles)) new TCPPortOwner().cleanup();
}
