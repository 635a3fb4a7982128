/**
 * Compares allocators in the storm of the contention tests: processes with several slots each; in each round of a slot a
 * real server listens 0 to 40 ms after its port was allocated. Run: npm run bench:storm
 */
import { SOURCE, Storm, type StormOptions } from '../test/contention/storm.ts';
import { type PortBlock, reservePorts } from '../test/support/port-block.ts';
import { formatMs, mean, printSection, quantile } from './report.ts';
import { repetitions } from './scale.ts';
import type { Section } from './section.ts';

const PROCESSES = 8;
const SLOTS = 4;
const STORMS: number = repetitions(1, 2);
const ROUNDS_PER_SLOT: number = repetitions(5, 25);
const PORT_COUNT = 40;
/** Outside of the default ephemeral range, as portslice's own default ports are. */
const WIDE_RANGE = [20_000, 20_999] as const;

interface Contender {
  readonly name: string;
  readonly isOurs: boolean;
  readonly options: StormOptions;
}

/** Of all storms of a contender together. */
class Result {
  readonly contender: Contender;
  readonly timesMs: number[] = [];
  planned = 0;
  allocations = 0;
  failedServers = 0;
  shared = 0;
  otherTroubles = 0;

  constructor(contender: Contender) {
    this.contender = contender;
  }

  async addStorm(): Promise<void> {
    await using storm = await Storm.gather({
      processes: PROCESSES,
      slots: SLOTS,
      roundsPerSlot: ROUNDS_PER_SLOT,
      ...this.contender.options,
    });
    await storm.rage();
    const verdict = storm.verdict();
    this.planned += storm.plannedRounds;
    this.allocations += verdict.allocations;
    this.failedServers += verdict.failedServers.filter((failure) => failure.includes('EADDRINUSE')).length;
    this.shared += verdict.sharedPorts.length;
    this.otherTroubles += verdict.refusals.length + verdict.wrongAnswers.length;
    const allocated = storm.events().filter((event) => event.kind === 'allocated');
    this.timesMs.push(...allocated.map((event) => Number(event.detail)));
  }
}

export async function measureStorm(): Promise<Section> {
  await using block = await reservePorts(PORT_COUNT);
  const results = listContenders(block).map((contender) => new Result(contender));
  for (let storm = 0; storm < STORMS; storm++) for (const result of results) await result.addStorm();
  return describe(results);
}

function listContenders(block: PortBlock): Contender[] {
  const narrowRange = [block.ports[0] as number, block.ports.at(-1) as number] as const;
  const allocator = { kind: 'portslice', source: SOURCE } as const;
  const ours = (name: string, options: Omit<StormOptions, 'allocator'>): Contender => ({
    name: `portslice, ${name}`,
    isOurs: true,
    options: { allocator, ...options },
  });
  return [
    ours('one pool', { sharesPool: true }),
    ours('8 pools', {}),
    ours(`one pool of ${PORT_COUNT} ports`, { sharesPool: true, ports: block.spec }),
    ours(`8 pools of the same ${PORT_COUNT} ports`, { ports: block.spec }),
    other('listen(0), close', { kind: 'kernel' }),
    other('get-port', { kind: 'get-port' }),
    other(`get-port, range of ${WIDE_RANGE[1] - WIDE_RANGE[0] + 1} ports`, {
      kind: 'get-port',
      range: WIDE_RANGE,
    }),
    other(`get-port, range of ${PORT_COUNT} ports`, { kind: 'get-port', range: narrowRange }),
    other('portfinder', { kind: 'portfinder' }),
    other('detect-port, from 3000', { kind: 'detect-port' }),
    other('get-port-please', { kind: 'get-port-please' }),
  ];
}

function other(name: string, allocator: StormOptions['allocator']): Contender {
  return { name, isOurs: false, options: { allocator } };
}

function describe(results: readonly Result[]): Section {
  const charted = results.filter(({ contender }) => !contender.name.includes(String(PORT_COUNT)));
  const ours = results.filter(({ contender }) => contender.isOurs);
  return {
    title: 'Under contention',
    method:
      `${PROCESSES} processes of ${SLOTS} slots. In each round a slot gets a port, starts a real HTTP server on it 0 to 40 ms later, asks ` +
      `it, closes it and gives the port back: ${ROUNDS_PER_SLOT} rounds of each slot in each of ${STORMS} storms, in which the allocators take ` +
      `turns. Everything is counted from the log that the servers write. *Two had it at once*: a port was handed out while another ` +
      `slot still had it; not each of them ends in a failed server. ${PROCESSES * SLOTS} slots with a server each are more than a few ` +
      `cores can serve, so mean and 99 % are mostly waits for a processor; the median is the one to read. The failures of the others ` +
      `vary with the load of the machine. *range of ${PORT_COUNT} ports*: get-port runs out of them, since it does not hand out a port ` +
      `twice within 15 s, and then lets the kernel choose outside of the range.`,
    command: 'npm run bench:storm',
    tables: [
      {
        header: [
          'allocator',
          'allocations',
          'servers failed with EADDRINUSE',
          'two had it at once',
          'mean',
          'median',
          '99 % within',
        ],
        rows: results.map(toRow),
      },
    ],
    charts: [
      {
        name: 'storm-failures',
        title: 'Servers that failed because their port was taken',
        unit: '%',
        bars: charted.map((result) => ({
          label: result.contender.name,
          value: (100 * result.failedServers) / result.allocations,
          isOurs: result.contender.isOurs,
        })),
      },
      {
        name: 'storm-times',
        title: 'Median time to get a port under contention',
        unit: 'ms',
        logarithmic: true,
        bars: charted.map(({ contender, timesMs }) => ({
          label: contender.name,
          value: quantile(sorted(timesMs), 0.5),
          isOurs: contender.isOurs,
        })),
      },
    ],
    requirements: [
      {
        what: 'under contention',
        wanted: '0 servers that fail, 0 ports that two have at once',
        measured: `${sum(ours, 'failedServers')} failed, ${sum(ours, 'shared')} shared, of ${sum(ours, 'allocations')}`,
        isMet: ours.every(
          ({ failedServers, shared, otherTroubles, allocations, planned }) =>
            failedServers + shared + otherTroubles === 0 && allocations === planned,
        ),
      },
    ],
  };
}

function toRow({ contender, allocations, planned, failedServers, shared, timesMs }: Result): string[] {
  const times = sorted(timesMs);
  return [
    contender.name,
    `${allocations} of ${planned}`,
    `${failedServers} (${((100 * failedServers) / allocations).toFixed(2)} %)`,
    String(shared),
    formatMs(mean(times)),
    formatMs(quantile(times, 0.5)),
    formatMs(quantile(times, 0.99)),
  ];
}

function sorted(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}

function sum(results: readonly Result[], fact: 'failedServers' | 'shared' | 'allocations'): number {
  return results.reduce((total, result) => total + result[fact], 0);
}

if (import.meta.main) await printSection(measureStorm);
