/** What was unusual about a test: what the filters, the table and 'Look here first' go by. */
import type { PortsReport, ServerUseReport, TestReport } from '../../../format.ts';

export type Finding = 'leaked' | 'waited' | 'failed' | 'server not ready' | 'borrowed' | 'sealed';

export function findingsOf(test: TestReport): Finding[] {
  const { ports, servers } = test;
  const found: Readonly<Record<Finding, boolean>> = {
    leaked: ports.some(({ state }) => state === 'leaked'),
    'server not ready': servers.some(neverReady),
    waited: ports.some(({ waitedMs }) => waitedMs > 0),
    failed: isFailed(test),
    sealed: ports.some(({ state }) => state === 'sealed'),
    borrowed: ports.some(({ borrowed }) => borrowed),
  };
  return (Object.keys(found) as Finding[]).filter((finding) => found[finding]);
}

export function isFailed({ outcome }: TestReport): boolean {
  return outcome === 'failed' || outcome === 'timedOut' || outcome === 'interrupted';
}

export function neverReady({ readyAfterMs }: ServerUseReport): boolean {
  return readyAfterMs === undefined;
}

/** The tests to look at first: those that leaked, then those whose server never was ready, then those that waited, longest first. */
export function lookFirst({ tests }: PortsReport): TestReport[] {
  const ranked = tests.map((test) => ({ test, rank: rankOf(test) })).filter(({ rank }) => rank > 0);
  return ranked.toSorted((a, b) => b.rank - a.rank).map(({ test }) => test);
}

const LEAKED = 1e12;
const NOT_READY = 1e11;
const FAILED = 1e10;

function rankOf(test: TestReport): number {
  const findings = findingsOf(test);
  const leaked = findings.includes('leaked') ? LEAKED : 0;
  const notReady = findings.includes('server not ready') ? NOT_READY : 0;
  const unusual = leaked + notReady + longestWaitMs(test);
  // Of tests that are as unusual, those that failed come first.
  return unusual > 0 && findings.includes('failed') ? unusual + FAILED : unusual;
}

export function longestWaitMs({ ports }: TestReport): number {
  return ports.reduce((longest, port) => Math.max(longest, port.waitedMs), 0);
}
