/** The versions of the test runners. */
import { failed, type Finding, ok, type WiringCheck } from '../finding.ts';
import type { Project } from '../project.ts';
import { isAtLeast } from '../version.ts';

interface Runner {
  readonly name: string;
  readonly title: string;
  /** The first that is found. */
  readonly packages: readonly string[];
  /** Others bring it along for themselves. */
  readonly isOftenIndirect?: boolean;
}

const RUNNERS: readonly Runner[] = [
  { name: 'playwright', title: 'Playwright', packages: ['@playwright/test', 'playwright'] },
  { name: 'vitest', title: 'Vitest', packages: ['vitest'] },
  { name: 'tinypool', title: 'tinypool', packages: ['tinypool'], isOftenIndirect: true },
];

export const runners: readonly WiringCheck[] = [
  ...RUNNERS.map((runner) => ({ name: runner.name, look: (project: Project) => lookAt(runner, project) })),
  {
    name: 'runners',
    look: (project) =>
      RUNNERS.some((runner) => lookAt(runner, project) !== undefined)
        ? undefined
        : ok('No test runner is installed here: portslice works without one, too'),
  },
];

function lookAt(runner: Runner, project: Project): Finding | undefined {
  const { packages, title, isOftenIndirect = false } = runner;
  const name = packages.find((each) => project.find(each) !== undefined);
  if (name === undefined || (isOftenIndirect && !project.asksFor(name))) return undefined;
  const version = project.find(name)?.manifest.version ?? 'unknown';
  const wanted = project.portslice.manifest.peerDependencies?.[name] ?? '';
  return isAtLeast(version, wanted)
    ? ok(`${title} ${version} is supported`)
    : failed(`${title} ${version} is too old`, `Install ${name}@'${wanted}'.`);
}
