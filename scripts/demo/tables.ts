/** The demo's results as text. */
import type { Collision } from './collisions.ts';
import type { RunnerResult } from './runner.ts';
import type { ServerLife } from './server-logs.ts';

const serverKinds = ['node', 'python', 'redis', 'nginx'] as const;

export function tableOf(result: RunnerResult, collisions: readonly Collision[]): string {
  const { name, counts, servers, statistics } = result;
  const own = collisions.filter(({ runners }) => runners.includes(name));
  const rows: readonly (readonly [string, string | number])[] = [
    ['tests', `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`],
    ['workers', statistics?.workers ?? 'unknown'],
    ['servers', `${servers.length} (${countsByKind(servers)})`],
    ['ports handed out', statistics?.lifetimeTotalAllocatedPorts ?? 'unknown'],
    ['peak in use', statistics?.peakAllocatedPorts ?? 'unknown'],
    ['collisions', own.length],
  ];
  return [name, ...rows.map(([title, value]) => `  ${title.padEnd(18)}${value}`)].join('\n');
}

export function totalOf(results: readonly RunnerResult[], collisions: readonly Collision[]): string {
  const sum = (count: (result: RunnerResult) => number): number =>
    results.reduce((total, result) => total + count(result), 0);
  const tests = sum(({ counts }) => counts.passed + counts.failed);
  const skipped = sum(({ counts }) => counts.skipped);
  return [
    `Total: ${tests} tests${skipped === 0 ? '' : ` (${skipped} more skipped)`}`,
    `${sum(({ servers }) => servers.length)} servers`,
    `${sum(({ statistics }) => statistics?.lifetimeTotalAllocatedPorts ?? 0)} ports handed out`,
    `${collisions.length} collisions`,
  ].join(', ');
}

function countsByKind(servers: readonly ServerLife[]): string {
  return serverKinds
    .map((kind) => `${kind} ${servers.filter(({ owner }) => owner === kind).length}`)
    .join(', ');
}
