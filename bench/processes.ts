/** What new processes take: an import, the first port, a global setup. */
import { cleanEnvironment } from '../test/support/environment.ts';
import { type Comparison, compare, perPiece, repetitions, takeTurns } from './pairs.ts';
import type { Project } from './project.ts';
import { comparisonBars, comparisonTable, type Section } from './report.ts';
import { timeProcess } from './usage.ts';

const PAIRS: number = repetitions(60, 2);
const WORKERS = 8;
const FIRST_PORT_TIMES = 1.05;
const GLOBAL_SETUP_MS = 12;

const SCRIPTS = {
  empty: '',
  'get-port import': `import 'get-port';`,
  'get-port port': `import getPort from 'get-port';\nawait getPort();`,
  'portslice import': `import 'portslice';`,
  'portslice port': `import { TCPPortOwner } from 'portslice';\nnew TCPPortOwner();`,
  // With what the runner would give it.
  'Vitest setup': `import setUp from 'portslice/vitest/global-setup';
(await setUp({ vitest: { config: { maxWorkers: ${WORKERS} }, projects: [{}], reporters: [] } }))();`,
  'Playwright setup': `import setUp from 'portslice/playwright/global-setup';\n(await setUp({ workers: ${WORKERS}, reporter: [], shard: null }))();`,
} as const;

export async function measureProcesses(project: Project): Promise<Section> {
  const comparisons = await compareScripts(project);
  return {
    title: 'New processes',
    method:
      'Whole processes, from their start to their end, each with a script of two lines. *The first port* is the import of the package and one port. ' +
      '*Over an empty process* takes from both sides what a process with an empty script took in the same round.',
    tables: [comparisonTable(comparisons)],
    bars: comparisonBars(comparisons),
  };
}

async function compareScripts({ write, portslice }: Project): Promise<Comparison[]> {
  const pool = portslice.PortPool.create({ workers: WORKERS });
  const alone = cleanEnvironment();
  const inRun = cleanEnvironment({ PORTSLICE_POOL: pool.handle, TEST_PARALLEL_INDEX: '0' });
  const run = (name: keyof typeof SCRIPTS, env = alone) => {
    const file = write(`${name.replaceAll(' ', '-')}.mjs`, SCRIPTS[name]);
    return () => timeProcess({ args: [process.execPath, file], env });
  };
  const usages = await takeTurns(PAIRS, {
    empty: run('empty'),
    theirImport: run('get-port import'),
    ourImport: run('portslice import'),
    theirPort: run('get-port port'),
    privatePort: run('portslice port'),
    runPort: run('portslice port', inRun),
    vitestSetup: run('Vitest setup'),
    playwrightSetup: run('Playwright setup'),
  });
  pool.close();
  const { empty, theirImport, ourImport, theirPort, privatePort, runPort, vitestSetup, playwrightSetup } =
    usages;
  const overEmpty = (more: typeof empty) => perPiece(more, empty, 1);
  const first = { unit: 'ms', by: 'ratio', base: "get-port's first port" } as const;
  const over = { ...first, base: 'the same of get-port' };
  const setup = { unit: 'ms', by: 'difference', base: 'an empty process', atMost: GLOBAL_SETUP_MS } as const;
  return [
    compare(
      { subject: 'import of `portslice`', base: 'import of get-port', unit: 'ms', by: 'difference' },
      ourImport,
      theirImport,
    ),
    compare(
      { ...first, subject: 'first port, private pool', atMost: FIRST_PORT_TIMES },
      privatePort,
      theirPort,
    ),
    compare(
      { ...first, subject: "first port, the run's pool", atMost: FIRST_PORT_TIMES },
      runPort,
      theirPort,
    ),
    compare(
      { ...over, subject: 'first port, private pool, over an empty process' },
      overEmpty(privatePort),
      overEmpty(theirPort),
    ),
    compare(
      { ...over, subject: "first port, the run's pool, over an empty process" },
      overEmpty(runPort),
      overEmpty(theirPort),
    ),
    compare({ ...setup, subject: 'global setup of Vitest' }, vitestSetup, empty),
    compare({ ...setup, subject: 'global setup of Playwright' }, playwrightSetup, empty),
  ];
}
