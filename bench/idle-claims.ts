/** Claims as tests make them: now and then, one to four at a time, in an event loop that was idle. */
import type * as Portslice from '../src/index.ts';
import type { IdleTimes } from './allocator.program.ts';
import {
  ALLOCATOR_NAMES,
  ALLOCATORS,
  type Allocator,
  formatRatio,
  formatUs,
  isOurs,
  majorOf,
  medianRatio,
  plainLabel,
  type Subject,
  timeAllocator,
} from './allocators.ts';
import type { NodeVersion } from './node-versions.ts';
import { median } from './report.ts';
import { interleave } from './rounds.ts';
import { repetitions } from './scale.ts';
import type { Requirement, Section } from './section.ts';

const ROUNDS: number = repetitions(2, 5);
const GROUPS: number = repetitions(40, 60);
const TIMES_FASTER_THAN_LISTEN = 5;

/** In microseconds, by round. */
interface Result extends Subject {
  /** Of n at once, at n - 1. */
  readonly groupsUs: readonly (readonly number[])[];
  /** Of one claim, on average over all sizes of groups. */
  readonly claimUs: readonly number[];
  readonly releaseUs: readonly number[];
}

export function measureIdleClaims(
  nodes: readonly NodeVersion[],
  portslice: typeof Portslice,
  source: string,
): Omit<Section, 'title' | 'command'> {
  const subjects = nodes.flatMap((node) =>
    ALLOCATOR_NAMES.map((allocator): Subject => ({ node, allocator })),
  );
  const rounds = interleave(
    subjects,
    { rounds: ROUNDS },
    (subject) => timeAllocator(subject, 'idle', GROUPS, portslice, source) as IdleTimes,
  );
  return describe(subjects.map((subject, index) => summarise(subject, rounds[index] ?? [])));
}

function summarise(subject: Subject, rounds: readonly IdleTimes[]): Result {
  const medians = rounds.map(({ groups }) => groups.map(median));
  const sizes = medians[0]?.map((_, index) => index + 1) ?? [];
  return {
    ...subject,
    groupsUs: sizes.map((size) => medians.map((groups) => groups[size - 1] as number)),
    claimUs: medians.map((groups) => sum(groups) / sum(sizes)),
    releaseUs: rounds.map(({ releases }) => median(releases)),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function describe(results: readonly Result[]): Omit<Section, 'title' | 'command'> {
  const newest = results.at(-1)?.node;
  return {
    method:
      `**As tests make them.** The event loop is idle for 1 to 3 ms, then one to four ports are claimed at once, later released one after another, ` +
      `again from an idle event loop. ${GROUPS} groups in each process after 12 of warm-up; what is shown is the time until all ports of the group are ` +
      `known. "A claim" is the time of groups of all sizes by their number of ports. The allocators without a release keep nothing that could be released.`,
    tables: [
      {
        header: ['Node', 'allocator', '1 port', '4 ports at once', 'a claim', 'of `listen(0)`', 'a release'],
        rows: results.map((result) => [
          result.node.version,
          ALLOCATORS[result.allocator],
          formatUs(median(result.groupsUs[0] ?? [])),
          formatUs(median(result.groupsUs.at(-1) ?? [])),
          formatUs(median(result.claimUs)),
          formatRatio(medianRatio(result.claimUs, find(results, result.node, 'listen(0)').claimUs)),
          formatUs(median(result.releaseUs)),
        ]),
      },
    ],
    charts: [
      {
        name: 'claims-idle',
        title: `A claim as tests make them, ${newest === undefined ? '' : majorOf(newest)}`,
        unit: 'us',
        logarithmic: true,
        bars: results
          .filter(({ node }) => node === newest)
          .map(({ allocator, claimUs }) => ({
            label: plainLabel(allocator),
            value: median(claimUs),
            isOurs: isOurs(allocator),
          })),
      },
    ],
    requirements: (['portslice new', 'portslice acquire'] as const).map((ours) => require(results, ours)),
  };
}

function require(results: readonly Result[], ours: Allocator): Requirement {
  const ratios = results
    .filter(({ allocator }) => allocator === ours)
    .map(({ node, claimUs }) => ({
      node,
      ratio: medianRatio(find(results, node, 'listen(0)').claimUs, claimUs),
    }));
  return {
    what: `a claim as tests make them, ${ALLOCATORS[ours]} beside \`listen(0)\``,
    wanted: `at least ${TIMES_FASTER_THAN_LISTEN} times faster`,
    measured: ratios.map(({ node, ratio }) => `${formatRatio(ratio)} (${majorOf(node)})`).join(', '),
    isMet: ratios.every(({ ratio }) => ratio >= TIMES_FASTER_THAN_LISTEN),
  };
}

function find(results: readonly Result[], node: NodeVersion, allocator: Allocator): Result {
  return results.find((result) => result.node === node && result.allocator === allocator) as Result;
}
