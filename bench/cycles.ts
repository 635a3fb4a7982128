/** What a claim takes, in a loop and in an idle process, beside other allocators and the bare system calls. */
import path from 'node:path';
import { cleanEnvironment } from '../test/support/environment.ts';
import { compileClaims } from './claim-calls.ts';
import type { Allocator } from './cycles.program.ts';
import { type Comparison, compare, type Question, repetitions, takeTurns } from './pairs.ts';
import type { Project } from './project.ts';
import { comparisonBars, comparisonTable, type Section } from './report.ts';
import { toldBy, type Usage } from './usage.ts';

const PAIRS: number = repetitions(20, 2);
const LOOP_MS: number = repetitions(400, 20);
const IDLE_GROUPS: number = repetitions(60, 4);
const WORKERS = 8;
const PORTS = [10_000, 32_000] as const;
const OURS = ['new TCPPortOwner()', 'TCPPortOwner.acquire()'] as const;
const OTHERS = ['listen(0)', 'get-port-please', 'get-port', 'portfinder', 'detect-port'] as const;

/** The CPU and wall time of a cycle or a claim. */
export function timeClaims(
  allocator: Allocator,
  mode: 'loop' | 'idle',
  entry: string,
  env: NodeJS.ProcessEnv,
): Usage {
  const program = path.join(import.meta.dirname, 'cycles.program.ts');
  const amount = mode === 'loop' ? LOOP_MS : IDLE_GROUPS;
  return toldBy({ args: [process.execPath, program, allocator, mode, String(amount), entry], env }) as Usage;
}

/** The same calls in C. */
export function timeCalls(program: string, [firstPort, lastPort]: readonly [number, number]): Usage {
  return toldBy({
    args: [program, String(LOOP_MS), String(firstPort), String(lastPort)],
    env: process.env,
  }) as Usage;
}

export async function measureCycles({ dir, entry, portslice }: Project): Promise<Section> {
  const pool = portslice.PortPool.create({ workers: WORKERS });
  const env = cleanEnvironment({
    PORTSLICE_POOL: pool.handle,
    TEST_PARALLEL_INDEX: '0',
    NODE_NO_WARNINGS: '1',
  });
  const time = (mode: 'loop' | 'idle', allocators: readonly Allocator[]) =>
    Object.fromEntries(allocators.map((name) => [name, () => timeClaims(name, mode, entry, env)]));
  const program = compileClaims(dir);
  const inC = program === undefined ? {} : { C: () => timeCalls(program, PORTS) };
  const comparisons = [
    ...compareAll(
      'a claim and its release',
      await takeTurns<string>(PAIRS, { ...time('loop', [...OURS, 'bare koffi', ...OTHERS]), ...inC }),
    ),
    ...compareAll('a claim after idling', await takeTurns(PAIRS, time('idle', [...OURS, ...OTHERS]))),
  ];
  pool.close();
  return {
    title: 'Claims',
    method:
      `A process of its own for each allocator and pair, warm by then. *A claim and its release*: ${LOOP_MS} ms of them one after another, V8's garbage collection ` +
      `included; \`listen(0)\` is one of \`node:net\` with its close. *A claim after idling*, as tests make them: the event loop is idle for 1 to 3 ms, then one to ` +
      `four ports are claimed at once; the time until they are known, by the number of ports. *Bare koffi* and *C* make the system calls of a claim and its ` +
      `release without an allocator around them.`,
    tables: [comparisonTable(comparisons)],
    bars: comparisonBars(comparisons),
  };
}

const BARS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'a claim and its release': { 'bare koffi': 1.2, 'get-port-please': 1 },
  'a claim after idling': Object.fromEntries(OTHERS.map((name) => [name, 1])),
};

/** `acquire()` is shown beside `new`: what differs is that it waits, where `new` throws. */
function compareAll(what: string, usages: Readonly<Record<string, readonly Usage[]>>): Comparison[] {
  const compareTo = (subject: string, base: string): Comparison => {
    const atMost = BARS[what]?.[base];
    const question: Question = { subject: `${what}, \`${subject}\``, base, unit: 'us', by: 'ratio' };
    const asked = atMost === undefined ? question : { ...question, atMost };
    return compare(asked, usages[subject] ?? [], usages[base] ?? []);
  };
  const [ours, waiting] = OURS;
  const others = Object.keys(usages).filter((name) => name !== ours && name !== waiting);
  return [...others.map((base) => compareTo(ours, base)), compareTo(waiting, ours)];
}
