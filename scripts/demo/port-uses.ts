/** Which test had which port when, as portslice's fixtures note it in the runners' JSON reports. */
import type { PortUse } from 'portslice/vitest';
import type { RunnerSpan } from './collisions.ts';

export interface PortUseOfTest extends RunnerSpan {
  readonly port: number;
}

interface PlaywrightSuite {
  readonly suites?: readonly PlaywrightSuite[];
  readonly specs: readonly { title: string; tests: readonly { results: readonly PlaywrightResult[] }[] }[];
}

interface PlaywrightResult {
  readonly attachments: readonly { name: string; body?: string }[];
}

interface VitestReport {
  readonly testResults: readonly {
    assertionResults: readonly { title: string; meta: { portslice?: readonly PortUse[] } }[];
  }[];
}

export function playwrightPortUses(report: unknown): PortUseOfTest[] {
  return (report as { suites: readonly PlaywrightSuite[] }).suites.flatMap(usesOfSuite);
}

function usesOfSuite({ suites = [], specs }: PlaywrightSuite): PortUseOfTest[] {
  const own = specs.flatMap(({ title, tests }) =>
    tests
      .flatMap(({ results }) => results.flatMap((result) => result.attachments))
      .filter(({ name }) => name === 'portslice')
      .flatMap(({ body = '' }) => JSON.parse(Buffer.from(body, 'base64').toString()) as PortUse[])
      .map((use) => useOfTest('Playwright', title, use)),
  );
  return [...own, ...suites.flatMap(usesOfSuite)];
}

export function vitestPortUses(report: unknown): PortUseOfTest[] {
  return (report as VitestReport).testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .flatMap(({ title, meta }) => (meta.portslice ?? []).map((use) => useOfTest('Vitest', title, use)));
}

function useOfTest(runner: string, title: string, use: PortUse): PortUseOfTest {
  return {
    runner,
    owner: `the test '${title}'`,
    port: use.port,
    from: use.acquiredAtMs,
    until: use.releasedAtMs ?? Infinity,
  };
}
