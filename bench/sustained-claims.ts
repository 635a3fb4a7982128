/** Claims and releases in a loop that does nothing else, beside the bare system calls in C. */
import type * as Portslice from '../src/index.ts';
import type { SustainedTimes } from './allocator.program.ts';
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
import { type BareCalls, type CallSequence, LISTEN_CALLS, PORTSLICE_CALLS } from './bare-calls.ts';
import { traceCycle } from './call-trace.ts';
import type { NodeVersion } from './node-versions.ts';
import { median } from './report.ts';
import { interleave } from './rounds.ts';
import { repetitions } from './scale.ts';
import type { Requirement, Section } from './section.ts';

const ROUNDS: number = repetitions(2, 7);
const DURATION_MS: number = repetitions(150, 350);
const OURS = 'portslice new';

interface Times {
  readonly meansUs: readonly number[];
  readonly mediansUs: readonly number[];
}

/** By round. */
interface Results {
  readonly nodes: readonly NodeVersion[];
  of(node: NodeVersion, allocator: Allocator): Times;
  /** Undefined where there is no compiler. */
  readonly bare: { readonly portslice: Times; readonly listen: Times } | undefined;
  /** Whether portslice makes the calls of the C program. Undefined where strace cannot tell. */
  readonly makesTheseCalls: boolean | undefined;
}

export function measureSustainedClaims(
  nodes: readonly NodeVersion[],
  portslice: typeof Portslice,
  source: string,
  bareCalls: BareCalls | undefined,
): Omit<Section, 'title' | 'command'> {
  const subjects = nodes.flatMap((node) =>
    ALLOCATOR_NAMES.map((allocator): Subject => ({ node, allocator })),
  );
  const sides: readonly (Subject | CallSequence)[] =
    bareCalls === undefined ? subjects : [PORTSLICE_CALLS, ...subjects, LISTEN_CALLS];
  const rounds = interleave(sides, { rounds: ROUNDS }, (side) =>
    'cycle' in side
      ? (bareCalls as BareCalls).time(side, DURATION_MS)
      : (timeAllocator(side, 'sustained', DURATION_MS, portslice, source) as SustainedTimes),
  );
  const roundsOf = (isWanted: (side: Subject | CallSequence) => boolean): Times => {
    const times = rounds[sides.findIndex(isWanted)] ?? [];
    return { meansUs: times.map(({ meanUs }) => meanUs), mediansUs: times.map(({ medianUs }) => medianUs) };
  };
  return describe({
    nodes,
    of: (node, allocator) =>
      roundsOf((side) => 'node' in side && side.node === node && side.allocator === allocator),
    bare: bareCalls && {
      portslice: roundsOf((side) => side === PORTSLICE_CALLS),
      listen: roundsOf((side) => side === LISTEN_CALLS),
    },
    makesTheseCalls: compareCalls(nodes, source),
  });
}

/** Round by round: what disturbed both alike cancels out. */
function ratio(times: Times, base: Times): number {
  return medianRatio(times.mediansUs, base.mediansUs);
}

/** The order may differ, where sockets are made ahead. */
function compareCalls(nodes: readonly NodeVersion[], source: string): boolean | undefined {
  const traces = nodes.map((node) => traceCycle(node.path, source));
  if (traces.includes(undefined)) return undefined;
  const expected = PORTSLICE_CALLS.cycle.toSorted().join(' ');
  return traces.every((calls) => calls?.toSorted().join(' ') === expected);
}

function describe(results: Results): Omit<Section, 'title' | 'command'> {
  const { nodes, bare } = results;
  const newest = nodes.at(-1) as NodeVersion;
  const row = (label: string, of: (node: NodeVersion) => Times): string[] => [
    label,
    ...nodes.flatMap((node) => [
      formatUs(median(of(node).mediansUs)),
      formatRatio(ratio(of(node), results.of(node, 'listen(0)'))),
    ]),
    formatUs(median(of(newest).meansUs)),
  ];
  return {
    method:
      `**In a loop** that does nothing else for ${DURATION_MS} ms, after 5,000 cycles or 500 ms of warm-up, each claim is followed by its release; ${ROUNDS} rounds. ` +
      `Shown is the median of groups of 16 cycles, which leaves out what the machine does beside, and with it V8's garbage collection: the mean has it. ` +
      `${describeBareCalls(results)} All ports of the pool are used again and again within their time of rest, which is the slower case.`,
    tables: [
      {
        header: [
          'allocator',
          ...nodes.flatMap((node) => [`Node ${node.version}`, 'of `listen(0)`']),
          `mean, ${majorOf(newest)}`,
        ],
        rows: [
          ...ALLOCATOR_NAMES.map((allocator) =>
            row(ALLOCATORS[allocator], (node) => results.of(node, allocator)),
          ),
          ...(bare === undefined
            ? []
            : [
                row("portslice's system calls in C", () => bare.portslice),
                row('`listen(0)` and close in C', () => bare.listen),
              ]),
        ],
      },
    ],
    charts: [
      {
        name: 'claims-sustained',
        title: `A claim and its release in a loop, ${majorOf(newest)}`,
        unit: 'us',
        logarithmic: true,
        bars: [
          ...ALLOCATOR_NAMES.map((allocator) => ({
            label: plainLabel(allocator),
            value: median(results.of(newest, allocator).mediansUs),
            isOurs: isOurs(allocator),
          })),
          ...(bare === undefined
            ? []
            : [
                {
                  label: "portslice's system calls in C",
                  value: median(bare.portslice.mediansUs),
                  isOurs: false,
                },
                { label: 'listen(0) and close in C', value: median(bare.listen.mediansUs), isOurs: false },
              ]),
        ],
      },
    ],
    requirements: requirementsOf(results),
  };
}

function describeBareCalls({ bare, makesTheseCalls }: Results): string {
  if (bare === undefined)
    return 'There is no C compiler here, so nothing can be said of the bare system calls.';
  const sameness = {
    true: 'strace has shown that portslice makes exactly these',
    false: '**strace has shown that portslice makes others by now: bench/bare-calls.ts is out of date**',
    undefined: 'there is no strace here that could confirm that portslice still makes these',
  }[String(makesTheseCalls)] as string;
  return `The C program makes the calls of a cycle one after another (${sameness}): ${PORTSLICE_CALLS.cycle.map((call) => `\`${call}\``).join(', ')}.`;
}

function requirementsOf({ nodes, bare, ...results }: Results): Requirement[] {
  const compare = (
    what: string,
    wanted: string,
    ratioOn: (node: NodeVersion) => number,
    isGood: (times: number) => boolean,
  ): Requirement => {
    const ratios = nodes.map((node) => ({ node, times: ratioOn(node) }));
    return {
      what: `claim and release in a loop, beside ${what}`,
      wanted,
      measured: ratios.map(({ node, times }) => `${formatRatio(times)} (${majorOf(node)})`).join(', '),
      isMet: ratios.every(({ times }) => isGood(times)),
    };
  };
  const fasterThan = (allocator: Allocator, times: number): Requirement =>
    compare(
      ALLOCATORS[allocator],
      `at least ${times} times faster`,
      (node) => ratio(results.of(node, allocator), results.of(node, OURS)),
      (measured) => measured >= times,
    );
  return [
    fasterThan('listen(0)', 1.5),
    fasterThan('get-port', 6),
    ...(bare === undefined
      ? []
      : [
          compare(
            'the same system calls in C',
            'at most 1.35 times the time',
            (node) => ratio(results.of(node, OURS), bare.portslice),
            (measured) => measured <= 1.35,
          ),
        ]),
  ];
}
