/** Is this project wired so that its tests can have ports? Takes a moment, and executes nothing of the project's. */
import { REPORT_IT } from '../check.ts';
import { addon } from './checks/addon.ts';
import { container } from './checks/container.ts';
import { descriptors } from './checks/descriptors.ts';
import { installScripts } from './checks/install-scripts.ts';
import { ipv6 } from './checks/ipv6.ts';
import { ownPackage } from './checks/package.ts';
import { playwrightConfig } from './checks/playwright-config.ts';
import { redirection } from './checks/redirection.ts';
import { runners } from './checks/runners.ts';
import { runtime } from './checks/runtime.ts';
import { serverPorts } from './checks/server-ports.ts';
import { typescript } from './checks/typescript.ts';
import { vitestConfig } from './checks/vitest-config.ts';
import { type Finding, type WiringCheck, type WiringResult, warning } from './finding.ts';
import { Project } from './project.ts';

/** In the order in which they are printed. */
const CHECKS: readonly WiringCheck[] = [
  runtime,
  ownPackage,
  addon,
  installScripts,
  ...runners,
  playwrightConfig,
  vitestConfig,
  typescript,
  serverPorts,
  descriptors,
  ipv6,
  container,
  redirection,
];

export interface WiringReport {
  /** The worst of all outcomes. */
  readonly verdict: WiringResult['outcome'];
  /** Of the project. */
  readonly folder: string;
  readonly results: readonly WiringResult[];
}

/** @param checks others than those of this file are for tests */
export async function lookAtWiring(
  folder: string,
  checks: readonly WiringCheck[] = CHECKS,
): Promise<WiringReport> {
  const project = new Project(folder);
  const results: WiringResult[] = [];
  for (const { name, look } of checks) {
    const finding = await lookSafely(look, project);
    if (finding !== undefined) results.push({ name, ...finding });
  }
  const outcomes = results.map(({ outcome }) => outcome);
  const verdict = (['failed', 'warning'] as const).find((each) => outcomes.includes(each)) ?? 'ok';
  return { verdict, folder: project.folder, results };
}

/** The others can be looked at all the same. */
async function lookSafely(look: WiringCheck['look'], project: Project): Promise<Finding | undefined> {
  try {
    return await look(project);
  } catch (error) {
    return warning(`It could not be looked at: ${(error as Error).message}`, REPORT_IT);
  }
}
