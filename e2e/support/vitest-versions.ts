/** Other versions of Vitest than our own. npm has no name under which they could be installed beside it, peers and all. */
import path from 'node:path';
import { usePackages } from './installed-packages.ts';
import type { Project } from './project.ts';

/** Gives the project this Vitest, and a portslice that finds it. @returns the command that runs it */
export function useVitest(project: Project, folder: string): readonly string[] {
  return ['node', path.join(usePackages(project, folder, ['vitest', '@vitest']), 'vitest/vitest.mjs')];
}
