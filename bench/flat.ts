/** In how far the time of a claim depends on what else there is. Run: npm run bench:flat */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { cleanEnvironment } from '../test/support/environment.ts';
import { namespaceWrapper } from '../test/support/namespaces.ts';
import { entryOf, formatRatio, formatUs, majorOf } from './allocators.ts';
import { type BareCalls, compileBareCalls, PORTSLICE_CALLS } from './bare-calls.ts';
import type { FlatResult, FlatResults } from './flat.program.ts';
import { installPackage } from './installation.ts';
import { nodeVersions, type NodeVersion } from './node-versions.ts';
import { mean, median, printSection } from './report.ts';
import { repetitions } from './scale.ts';
import type { Chart, Requirement, Section, Table } from './section.ts';

const ROUNDS: number = repetitions(2, 5);
const CLAIMS_PER_ROUND: number = repetitions(200, 400);
const BARE_MS = 100;
const AT_MOST_TIMES = 1.5;
const TIMEOUT_MS = 300_000;
const program = path.join(import.meta.dirname, 'flat.program.ts');

interface Result {
  readonly node: NodeVersion;
  readonly results: FlatResults;
}

/** What each part of the results is about. The first one is what the others are compared with. */
const QUESTIONS: Readonly<Record<keyof FlatResults, string>> = {
  held: 'ports held',
  busy: 'of the slice busy with strangers',
  slices: 'slices',
  unrestedSlices: 'slices, no port has rested',
};

export async function measureFlat(): Promise<Section> {
  using installation = installPackage();
  using bareCalls = compileBareCalls();
  const source = entryOf(installation);
  const wrapper = namespaceWrapper();
  const nodes = await nodeVersions();
  const all = nodes.map((node): Result => ({
    node,
    results: measureOn(node, source, bareCalls, wrapper ?? []),
  }));
  return {
    title: 'Flat',
    method: describeMethod(wrapper !== undefined, bareCalls !== undefined),
    command: 'npm run bench:flat',
    tables: (Object.keys(QUESTIONS) as (keyof FlatResults)[]).map((question) => toTable(all, question)),
    charts: [toChart(all.at(-1) as Result)],
    requirements: (Object.keys(QUESTIONS) as (keyof FlatResults)[]).map((question) => require(all, question)),
  };
}

function measureOn(
  node: NodeVersion,
  source: string,
  bareCalls: BareCalls | undefined,
  wrapper: readonly string[],
): FlatResults {
  const bareCommand = JSON.stringify(bareCalls?.command(PORTSLICE_CALLS, BARE_MS) ?? []);
  const [file, ...args] = [...wrapper, node.path, program, source];
  const output = execFileSync(file, [...args, String(ROUNDS), String(CLAIMS_PER_ROUND), bareCommand], {
    env: cleanEnvironment({ NODE_NO_WARNINGS: '1' }),
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(output) as FlatResults;
}

function describeMethod(hasNamespace: boolean, hasCompiler: boolean): string {
  return (
    `Workers of a run in processes of their own, which live as long as the measurement does, claim a port and release it, ` +
    `${CLAIMS_PER_ROUND} times in each of ${ROUNDS} rounds, so that the number of ports held stays the same; every claim is timed by itself, and the medians ` +
    `of all are shown. The cases take turns within a round. Other processes hold ports of the same pool, or listen on 90 % of the worker's ` +
    `slice. In the first table of slices every port has been used and has rested, in the second one none has rested, so that each claim asks all slices in vain ` +
    `before it takes the port that was released longest ago. ` +
    (hasNamespace ? 'All of it runs in a network namespace of its own. ' : '') +
    (hasCompiler
      ? '"In C" are the bare system calls of a claim and its release at the same time, on other ports: what the kernel takes, whose table of ' +
        'abstract addresses has 256 buckets, each a list.'
      : '')
  );
}

function toTable(all: readonly Result[], question: keyof FlatResults): Table {
  const hasBare = all.some(({ results }) => results[question].some(({ bareNs }) => bareNs.length > 0));
  return {
    header: [
      'Node',
      QUESTIONS[question],
      'a claim',
      'of the first case',
      'mean',
      'a release',
      ...(hasBare ? ['both, in C', 'of the first case'] : []),
    ],
    rows: all.flatMap(({ node, results }) => {
      const cases = results[question];
      const [first] = cases as [FlatResult];
      return cases.map((one) => [
        node.version,
        one.name,
        formatUs(median(one.times.claims)),
        formatRatio(ratioTo(first, one)),
        formatUs(mean(one.times.claims)),
        formatUs(median(one.times.releases)),
        ...(hasBare
          ? [formatUs(median(one.bareNs) / 1000), formatRatio(median(one.bareNs) / median(first.bareNs))]
          : []),
      ]);
    }),
  };
}

function ratioTo(first: FlatResult, one: FlatResult): number {
  return median(one.times.claims) / median(first.times.claims);
}

function toChart({ node, results }: Result): Chart {
  return {
    name: 'flat-held',
    title: `A claim while others hold ports, ${majorOf(node)}`,
    unit: 'us',
    bars: results.held.map(({ name, times }) => ({
      label: `${Number(name).toLocaleString('en')} held`,
      value: median(times.claims),
      isOurs: true,
    })),
  };
}

function require(all: readonly Result[], question: keyof FlatResults): Requirement {
  const worst = all.map(({ node, results }) => {
    const cases = results[question];
    const [first] = cases as [FlatResult];
    return {
      node,
      ratio: Math.max(...cases.map((one) => ratioTo(first, one))),
      bareRatio: Math.max(...cases.map((one) => median(one.bareNs) / median(first.bareNs))),
    };
  });
  return {
    what: `a claim, by: ${QUESTIONS[question]}`,
    wanted: `within ${AT_MOST_TIMES} times`,
    measured: worst
      .map(({ node, ratio, bareRatio }) => {
        const floor = Number.isNaN(bareRatio) ? '' : `, in C ${formatRatio(bareRatio)}`;
        return `${formatRatio(ratio)} (${majorOf(node)}${floor})`;
      })
      .join(', '),
    isMet: worst.every(({ ratio }) => ratio <= AT_MOST_TIMES),
  };
}

if (import.meta.main) await printSection(measureFlat);
