/** Where the time of the sustained loop goes, function by function, by V8's CPU profiler. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cleanEnvironment } from '../test/support/environment.ts';
import { majorOf } from './allocators.ts';
import type { NodeVersion } from './node-versions.ts';
import { repetitions } from './scale.ts';
import type { Section } from './section.ts';

const DURATION_MS: number = repetitions(500, 2000);
const INTERVAL_US = 100;
const SHOWN_FUNCTIONS = 16;
const TIMEOUT_MS = 60_000;
const program = path.join(import.meta.dirname, 'allocator.program.ts');

/** The parts of a .cpuprofile file that are read here. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: CallFrame;
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

/** On the newest Node. */
export function profileSustainedClaims(
  nodes: readonly NodeVersion[],
  source: string,
): Omit<Section, 'title' | 'command'> {
  const node = nodes.at(-1) as NodeVersion;
  const shares = shareByFunction(profileOf(node, source), fileURLToPath(new URL('..', source)));
  const shown = [...shares].toSorted(([, a], [, b]) => b - a).slice(0, SHOWN_FUNCTIONS);
  return {
    method:
      `**Where the time of that loop goes**, by the CPU profiler of ${majorOf(node)}: the time of each function without those that it calls; a system call ` +
      'belongs to the function that makes it.',
    tables: [
      {
        header: ['function', 'share of the time'],
        rows: shown.map(([name, share]) => [`\`${name}\``, `${(100 * share).toFixed(1)} %`]),
      },
    ],
    charts: [],
    requirements: [],
  };
}

function profileOf(node: NodeVersion, source: string): CpuProfile {
  const folder = mkdtempSync(path.join(tmpdir(), 'portslice-bench-'));
  try {
    const options = [
      '--cpu-prof',
      `--cpu-prof-dir=${folder}`,
      '--cpu-prof-name=claims',
      `--cpu-prof-interval=${INTERVAL_US}`,
    ];
    const args = [...options, program, 'portslice new', 'sustained', String(DURATION_MS), source];
    execFileSync(node.path, args, {
      env: cleanEnvironment({ NODE_NO_WARNINGS: '1' }),
      timeout: TIMEOUT_MS,
      stdio: 'ignore',
    });
    return JSON.parse(readFileSync(path.join(folder, 'claims'), 'utf8')) as CpuProfile;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of what is not the start of the process: V8's own time, and the functions of portslice. @param root of its files */
function shareByFunction({ nodes, samples, timeDeltas }: CpuProfile, root: string): Map<string, number> {
  const names = new Map(
    nodes
      .map(({ id, callFrame }) => [id, nameOf(callFrame, root)] as const)
      .filter(([, name]) => name !== undefined),
  );
  const timesUs = new Map<string, number>();
  samples.forEach((id, index) => {
    const name = names.get(id);
    if (name !== undefined) timesUs.set(name, (timesUs.get(name) ?? 0) + (timeDeltas[index] as number));
  });
  const totalUs = [...timesUs.values()].reduce((sum, value) => sum + value, 0);
  return new Map([...timesUs].map(([name, timeUs]) => [name, timeUs / totalUs]));
}

function nameOf({ functionName, url, lineNumber }: CallFrame, root: string): string | undefined {
  if (url === '') return ['(garbage collector)', 'hrtime'].includes(functionName) ? functionName : undefined;
  const file = url.replace('file://', '');
  return file.startsWith(root)
    ? `${functionName || '(anonymous)'} ${file.slice(root.length)}:${lineNumber + 1}`
    : undefined;
}
