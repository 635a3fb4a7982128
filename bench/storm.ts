/**
 * Compares allocators in the storm of the contention tests: 8 processes of 4 slots each, 60 rounds a slot; in each a
 * real server listens 0 to 40 ms after its port was allocated. Prints a table in Markdown. Run: npm run bench:storm
 */
import { SOURCE, Storm, type StormOptions } from '../test/contention/storm.ts';
import { reservePorts } from '../test/support/port-block.ts';
import { formatMs, mean, printMachine, printTable, quantile } from './report.ts';

const ROUNDS_PER_SLOT = 60;
const PORT_COUNT = 40;
/** Outside of the default ephemeral range, as portslice's own default ports are. */
const WIDE_RANGE = [20_000, 20_999] as const;

await using block = await reservePorts(PORT_COUNT);
const narrowRange = [block.ports[0] as number, block.ports.at(-1) as number] as const;
const portslice = { kind: 'portslice', source: SOURCE } as const;

const contenders: Readonly<Record<string, StormOptions>> = {
  [`portslice, 8 pools over the same ${PORT_COUNT} ports`]: { allocator: portslice, ports: block.spec },
  [`portslice, one pool of ${PORT_COUNT} ports`]: {
    allocator: portslice,
    ports: block.spec,
    sharesPool: true,
  },
  'portslice, 8 pools of all server ports': { allocator: portslice },
  'portslice, one pool of all server ports': { allocator: portslice, sharesPool: true },
  'get-port': { allocator: { kind: 'get-port' } },
  [`get-port, portNumbers over ${WIDE_RANGE[1] - WIDE_RANGE[0] + 1} ports`]: {
    allocator: { kind: 'get-port', range: WIDE_RANGE },
  },
  [`get-port, portNumbers over ${PORT_COUNT} ports`]: { allocator: { kind: 'get-port', range: narrowRange } },
  'kernel: listen(0), close': { allocator: { kind: 'kernel' } },
};

printMachine();
const rows: string[][] = [];
for (const [name, options] of Object.entries(contenders)) rows.push([name, ...(await measure(options))]);
printTable(
  [
    'allocator',
    'allocations',
    'servers failed with EADDRINUSE',
    'two had it at once',
    'mean',
    'median',
    'p99',
  ],
  rows,
);

async function measure(options: StormOptions): Promise<string[]> {
  await using storm = await Storm.gather({ roundsPerSlot: ROUNDS_PER_SLOT, ...options });
  await storm.rage();
  const verdict = storm.verdict();
  const failed = verdict.failedServers.filter((failure) => failure.includes('EADDRINUSE')).length;
  const timesMs = storm
    .events()
    .filter((event) => event.kind === 'allocated')
    .map((event) => Number(event.detail))
    .toSorted((a, b) => a - b);
  return [
    `${verdict.allocations} of ${storm.plannedRounds}`,
    `${failed} (${((100 * failed) / verdict.allocations).toFixed(2)} %)`,
    String(verdict.sharedPorts.length),
    formatMs(mean(timesMs)),
    formatMs(quantile(timesMs, 0.5)),
    formatMs(quantile(timesMs, 0.99)),
  ];
}
