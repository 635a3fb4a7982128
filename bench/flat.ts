/** In how far the time of a claim depends on what else there is. */
import path from 'node:path';
import { cleanEnvironment } from '../test/support/environment.ts';
import { namespaceWrapper } from '../test/support/namespaces.ts';
import type { Comparison } from './pairs.ts';
import type { Project } from './project.ts';
import { comparisonBars, comparisonTable, type Section } from './report.ts';
import { toldBy } from './usage.ts';

export function measureFlat({ dir, entry }: Project): Promise<Section> {
  const program = path.join(import.meta.dirname, 'flat.program.ts');
  const wrapped = [...(namespaceWrapper('ip link set lo up') ?? []), process.execPath, program, entry, dir];
  const comparisons = toldBy({
    args: wrapped as [string, ...string[]],
    env: cleanEnvironment({
      NODE_NO_WARNINGS: '1',
      PORTSLICE_BENCH: process.env['PORTSLICE_BENCH'] ?? '',
    }),
  }) as Comparison[];
  return Promise.resolve({
    title: 'Flat',
    method:
      'A worker claims and releases ports of its own slice in a loop, while processes of the same pool hold ports; then the same with a pool of one slice and of 64, none of them held. ' +
      'All of it runs in a network namespace of its own. The kernel keeps abstract addresses in 256 lists, so that every allocator of this kind, and the calls in C, ' +
      'become slower with the number of locks.',
    tables: [comparisonTable(comparisons)],
    bars: comparisonBars(comparisons),
  });
}
