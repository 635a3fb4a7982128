/** How long a claim takes, beside other allocators and the bare system calls. Run: npm run bench:claims */
import type * as Portslice from '../src/index.ts';
import { entryOf } from './allocators.ts';
import { compileBareCalls } from './bare-calls.ts';
import { profileSustainedClaims } from './cpu-profile.ts';
import { measureIdleClaims } from './idle-claims.ts';
import { installPackage } from './installation.ts';
import { nodeVersions } from './node-versions.ts';
import { printSection } from './report.ts';
import type { Section } from './section.ts';
import { measureSustainedClaims } from './sustained-claims.ts';

export async function measureClaims(): Promise<Section> {
  using installation = installPackage();
  using bareCalls = compileBareCalls();
  const source = entryOf(installation);
  const portslice = (await import(source)) as typeof Portslice;
  const nodes = await nodeVersions();
  const parts = [
    measureIdleClaims(nodes, portslice, source),
    measureSustainedClaims(nodes, portslice, source, bareCalls),
    profileSustainedClaims(nodes, source),
  ];
  return {
    title: 'Claims',
    method: `A process of its own for each allocator and round, all of them in turn; medians of the rounds.\n\n${parts
      .map(({ method }) => method)
      .join('\n\n')}`,
    command: 'npm run bench:claims',
    tables: parts.flatMap(({ tables }) => tables),
    charts: parts.flatMap(({ charts }) => charts),
    requirements: parts.flatMap(({ requirements }) => requirements),
  };
}

if (import.meta.main) await printSection(measureClaims);
