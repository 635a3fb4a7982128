/** How much memory a run takes, and whether anything grows. Run: npm run bench:memory */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { cleanEnvironment } from '../test/support/environment.ts';
import { namespaceWrapper } from '../test/support/namespaces.ts';
import { entryOf, majorOf } from './allocators.ts';
import type { Sample } from './cycles.program.ts';
import { installPackage } from './installation.ts';
import { nodeVersions, type NodeVersion } from './node-versions.ts';
import { printSection } from './report.ts';
import { repetitions } from './scale.ts';
import type { Requirement, Section, Table } from './section.ts';
import type { SegmentBytes } from './segment.program.ts';

const WORKERS = 8;
const PORTS_PER_WORKER = 10;
const MAX_SEGMENT_KIB = 300;
const CYCLES: number = repetitions(100_000, 1_000_000);
/** Of all cycles. The first sample is taken when V8 has compiled everything, and the pool was used several times. */
const SAMPLED_AT = [0.1, 0.5, 1] as const;
/** V8's threads take some 6 MiB once, at any time. A leak of 20 bytes a cycle would be more than this. */
const SLACK_BYTES = { heapBytes: 2 ** 19, residentBytes: 2 ** 24 } as const;
/** V8 lets its young generation grow to some 100 MiB if a process allocates for long; with that, a leak could not be seen. */
const NODE_OPTIONS = ['--expose-gc', '--max-semi-space-size=2'] as const;
const TIMEOUT_MS = 600_000;
const run = promisify(execFile);

interface Growth {
  readonly node: NodeVersion;
  readonly samples: readonly Sample[];
}

export async function measureMemory(): Promise<Section> {
  using installation = installPackage();
  const source = entryOf(installation);
  const nodes = await nodeVersions();
  const wrapper = namespaceWrapper() ?? [];
  const tell = async (node: NodeVersion, program: string, ...args: string[]): Promise<unknown> => {
    const command = [
      ...wrapper,
      node.path,
      ...NODE_OPTIONS,
      path.join(import.meta.dirname, program),
      ...args,
    ];
    const [file = node.path, ...rest] = command;
    const options = { env: cleanEnvironment({ NODE_NO_WARNINGS: '1' }), timeout: TIMEOUT_MS };
    return JSON.parse((await run(file, [...rest, source], options)).stdout);
  };
  const newest = nodes.at(-1) as NodeVersion;
  const segment = (await tell(
    newest,
    'segment.program.ts',
    String(WORKERS),
    String(PORTS_PER_WORKER),
  )) as SegmentBytes;
  const sampledAt = SAMPLED_AT.map((share) => share * CYCLES).join(',');
  // All at once: nothing here is a matter of time.
  const growth = await Promise.all(
    nodes.map(async (node): Promise<Growth> => ({
      node,
      samples: (await tell(node, 'cycles.program.ts', sampledAt)) as Sample[],
    })),
  );
  return describe(segment, growth, wrapper.length > 0);
}

function describe(segment: SegmentBytes, growth: readonly Growth[], hasNamespace: boolean): Section {
  return {
    title: 'Memory',
    method:
      `${WORKERS} workers in processes of their own own ${PORTS_PER_WORKER} ports each at the same time, then none; what the segment has in memory are its blocks by ` +
      `\`fstat\`. Then one process of each Node version claims and releases a port ${CYCLES.toLocaleString('en')} times` +
      `${hasNamespace ? ', in a network namespace of its own' : ''}; the samples follow two full garbage collections, ` +
      `and V8's young generation is kept from growing (\`${NODE_OPTIONS[1]}\`), which it does in each busy process. ` +
      `Allowed from the first sample to the last: no descriptor, no socket, ${toKiB(SLACK_BYTES.heapBytes)} of heap, ` +
      `${toMiB(SLACK_BYTES.residentBytes)} of resident memory.`,
    command: 'npm run bench:memory',
    tables: [segmentTable(segment), growthTable(growth)],
    charts: [],
    requirements: [
      {
        what: `memory of the segment, ${WORKERS} workers with ${PORTS_PER_WORKER} ports each`,
        wanted: `at most ${MAX_SEGMENT_KIB} KiB`,
        measured: toKiB(segment.used),
        isMet: segment.used <= MAX_SEGMENT_KIB * 1024,
      },
      ...growth.map(requireNoGrowth),
    ],
  };
}

function segmentTable({ size, created, used }: SegmentBytes): Table {
  return {
    header: ['the segment', 'in memory'],
    rows: [
      ['of a new pool', toKiB(created)],
      [`after ${WORKERS} workers have used ${PORTS_PER_WORKER} ports each`, toKiB(used)],
      ['address space', toKiB(size)],
    ],
  };
}

function growthTable(growth: readonly Growth[]): Table {
  return {
    header: ['Node', 'cycles', 'descriptors', 'sockets', 'heap', 'outside of the heap', 'resident'],
    rows: growth.flatMap(({ node, samples }) =>
      samples.map((sample) => [
        node.version,
        sample.cycles.toLocaleString('en'),
        String(sample.descriptors),
        String(sample.sockets),
        toKiB(sample.heapBytes),
        toKiB(sample.externalBytes),
        toMiB(sample.residentBytes),
      ]),
    ),
  };
}

function requireNoGrowth({ node, samples }: Growth): Requirement {
  const first = samples[0] as Sample;
  const last = samples.at(-1) as Sample;
  const heapBytes = last.heapBytes - first.heapBytes;
  const residentBytes = last.residentBytes - first.residentBytes;
  return {
    what: `growth over ${CYCLES.toLocaleString('en')} cycles, ${majorOf(node)}`,
    wanted: 'none',
    measured:
      `${last.descriptors - first.descriptors} descriptors, ${last.sockets - first.sockets} sockets, ` +
      `${toKiB(heapBytes)} of heap, ${toMiB(residentBytes)} resident`,
    isMet:
      last.descriptors <= first.descriptors &&
      last.sockets <= first.sockets &&
      heapBytes <= SLACK_BYTES.heapBytes &&
      residentBytes <= SLACK_BYTES.residentBytes,
  };
}

function toKiB(bytes: number): string {
  return `${Math.round(bytes / 1024).toLocaleString('en')} KiB`;
}

function toMiB(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

if (import.meta.main) await printSection(measureMemory);
