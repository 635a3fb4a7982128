/**
 * How much a process that allocates one port takes longer than an empty one, on each version of Node, on both ways to load
 * koffi, from a private pool and from that of a run. Run: npm run bench:first-port
 */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Portslice from '../src/index.ts';
import { cleanEnvironment } from '../test/support/environment.ts';
import { type Installation, installPackage } from './installation.ts';
import { nodeVersions, type NodeVersion } from './node-versions.ts';
import { differences, formatMs, formatRoughMs, median, printSection } from './report.ts';
import { interleave, toldNumber, wallTimeMs } from './rounds.ts';
import { repetitions } from './scale.ts';
import type { Requirement, Section } from './section.ts';

const ROUNDS: number = repetitions(5, 30);
const WARM_UP_ROUNDS = 2;
const LIMITS_MS = { fast: 5, 'fall-back': 10 } as const;

/** Nothing but the program itself; `told` prints how old the process is when it is through. */
const PROGRAMS = {
  empty: '',
  import: `import { TCPPortOwner } from 'portslice';\n`,
  port: `import { TCPPortOwner } from 'portslice';\nnew TCPPortOwner();\n`,
} as const;
const TELL = `const ageMs = performance.now();\nprocess.getBuiltinModule('fs').writeSync(1, String(ageMs));\n`;
const TELL_ENTRY = `import { createRequire } from 'node:module';
const files = Object.keys(createRequire(import.meta.url).cache);
console.log(files.some((file) => /koffi.src.koffi.index/.test(file)) ? 'fall-back' : 'fast');\n`;

interface Subject {
  readonly name: string;
  /** How koffi is loaded; none where it is not. */
  readonly way?: 'fast' | 'fall-back';
  readonly dir: string;
  readonly program: keyof typeof PROGRAMS;
  readonly env: NodeJS.ProcessEnv;
}

interface Result {
  readonly node: NodeVersion;
  readonly subject: Subject;
  readonly wallMs: readonly number[];
  readonly moreWallMs: readonly number[];
  readonly moreAgeMs: readonly number[];
}

export async function measureFirstPort(): Promise<Section> {
  using prebuilt = installPackage('prebuilt');
  using compiled = installPackage('compiled');
  for (const installation of [prebuilt, compiled]) writePrograms(installation);
  const entry = pathToFileURL(path.join(prebuilt.dir, 'node_modules/portslice/dist/index.js')).href;
  const { PortPool } = (await import(entry)) as typeof Portslice;
  const pool = PortPool.create({ workers: 2 });
  const subjects = listSubjects(prebuilt.dir, compiled.dir, pool.handle);
  const results = (await nodeVersions()).flatMap((node) => compare(node, subjects));
  pool.close();
  return describe(results);
}

function writePrograms({ write }: Installation): void {
  for (const [name, code] of Object.entries(PROGRAMS)) {
    write(`${name}.mjs`, code);
    write(`${name}.told.mjs`, code + TELL);
  }
  write('port.way.mjs', PROGRAMS.port + TELL_ENTRY);
}

function listSubjects(prebuilt: string, compiled: string, handle: string): Subject[] {
  const alone = cleanEnvironment();
  const inRun = cleanEnvironment({ PORTSLICE_POOL: handle, TEST_PARALLEL_INDEX: '0' });
  const program = 'port';
  return [
    { name: 'empty', dir: prebuilt, program: 'empty', env: alone },
    { name: 'imports portslice', dir: prebuilt, program: 'import', env: alone },
    { name: 'private pool', way: 'fast', dir: prebuilt, program, env: alone },
    { name: "the run's pool", way: 'fast', dir: prebuilt, program, env: inRun },
    { name: 'private pool', way: 'fall-back', dir: compiled, program, env: alone },
    { name: "the run's pool", way: 'fall-back', dir: compiled, program, env: inRun },
  ];
}

function compare(node: NodeVersion, subjects: readonly Subject[]): Result[] {
  for (const subject of subjects) assertWay(node, subject);
  const rounds = { rounds: ROUNDS, warmUpRounds: WARM_UP_ROUNDS };
  const walls = interleave(subjects, rounds, ({ dir, program, env }) =>
    wallTimeMs(node.path, [path.join(dir, `${program}.mjs`)], env),
  );
  const ages = interleave(subjects, rounds, ({ dir, program, env }) =>
    toldNumber(node.path, [path.join(dir, `${program}.told.mjs`)], env),
  );
  const [emptyWalls, emptyAges] = [walls[0] ?? [], ages[0] ?? []];
  return subjects.map((subject, index) => ({
    node,
    subject,
    wallMs: walls[index] ?? [],
    moreWallMs: differences(walls[index] ?? [], emptyWalls),
    moreAgeMs: differences(ages[index] ?? [], emptyAges),
  }));
}

/** Otherwise both rows would show the same. */
function assertWay(node: NodeVersion, { way, dir, env }: Subject): void {
  if (way === undefined) return;
  const told = execFileSync(node.path, [path.join(dir, 'port.way.mjs')], { env, encoding: 'utf8' }).trim();
  if (told !== way) throw new Error(`Node ${node.version} took the ${told} way to load koffi in ${dir}`);
}

function describe(results: readonly Result[]): Section {
  const nodes = [...new Set(results.map(({ node }) => node))];
  const ways = ['fast', 'fall-back'] as const;
  const withPort = results.filter(({ subject }) => subject.way !== undefined);
  return {
    title: 'First port in a new process',
    method:
      `A script that imports the package and allocates one port, from a private pool or from that of a run, beside an ` +
      `empty one. The package is installed from \`npm pack\`. *Fast* loads koffi's prebuilt package directly; the *fall-back* is ` +
      `koffi's own entry, in an installation with a compiled koffi. ${ROUNDS} rounds in which all take turns, after ` +
      `${WARM_UP_ROUNDS} of warm-up. *More than empty* is the median of the differences of each round: *whole process* from its ` +
      `start to its end, seen from outside; *age* from the process's \`performance.timeOrigin\` to the end of the script, in another ` +
      `${ROUNDS} rounds. *Fastest* compares the fastest runs of both, which a busy machine disturbs least.`,
    command: 'npm run bench:first-port',
    tables: [
      {
        header: [
          'Node',
          'script',
          'koffi',
          'whole process',
          'more than empty',
          'fastest, more than empty',
          'age, more than empty',
        ],
        rows: results.map((result) => toRow(result, results)),
      },
    ],
    charts: [
      {
        name: 'first-port',
        title: 'First port in a new process, more than an empty process',
        unit: 'ms',
        bars: withPort.map(({ node, subject, moreWallMs }) => ({
          label: `Node ${node.version}, ${subject.name}, ${subject.way}`,
          value: median(moreWallMs),
          isOurs: true,
        })),
      },
    ],
    requirements: nodes.flatMap((node) => ways.map((way) => toRequirement(node, way, withPort))),
  };
}

function toRow({ node, subject, wallMs, moreWallMs, moreAgeMs }: Result, all: readonly Result[]): string[] {
  const empty = all.find((other) => other.node === node)?.wallMs ?? [];
  const isEmpty = subject.program === 'empty';
  return [
    node.version,
    subject.way === undefined ? subject.name : `first port, ${subject.name}`,
    subject.way ?? '',
    formatRoughMs(median(wallMs)),
    ...[median(moreWallMs), Math.min(...wallMs) - Math.min(...empty), median(moreAgeMs)].map((timeMs) =>
      isEmpty ? '' : formatRoughMs(timeMs),
    ),
  ];
}

function toRequirement(
  node: NodeVersion,
  way: 'fast' | 'fall-back',
  results: readonly Result[],
): Requirement {
  const chosen = results.filter((result) => result.node === node && result.subject.way === way);
  const timesMs = chosen.map(({ moreWallMs }) => median(moreWallMs));
  return {
    what: `first port in a new process, Node ${node.version.split('.')[0]}, ${way}`,
    wanted: `at most ${LIMITS_MS[way]} ms over an empty process`,
    measured: chosen
      .map(({ subject }, index) => `${formatMs(timesMs[index] as number)} (${subject.name})`)
      .join(', '),
    isMet: timesMs.every((timeMs) => timeMs <= LIMITS_MS[way]),
  };
}

if (import.meta.main) await printSection(measureFirstPort);
