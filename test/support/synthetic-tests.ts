/** The tests of a synthetic report: most pass, some fail, wait, leak or have a server that never is ready. */
import type { PortUseReport, ServerUseReport, TestReport } from '../../src/report/format.ts';
import { FIRST_PORT } from './synthetic-machines.ts';

const AREAS = ['checkout', 'catalog', 'account', 'search', 'admin', 'payments', 'webhooks', 'live chat'];
const VERBS = ['shows', 'rejects', 'saves', 'retries', 'streams', 'reloads', 'expires', 'sorts'];
const THINGS = [
  'an order that was paid twice',
  'the cart after a restart of the server',
  'a session of another tab',
  'a coupon',
  'the address of the invoice',
  'an empty list',
  'ten thousand rows',
  'a file that is too large',
];
const COMMANDS = [
  'node server.js',
  'python3 -m http.server',
  'node dist/api.js --memory',
  'postgres -D data',
];

interface TestPlan {
  readonly index: number;
  readonly machine: number;
  readonly worker: number;
  readonly startedAtMs: number;
  readonly random: () => number;
  readonly slicePortCount: number;
  readonly titles: readonly string[] | undefined;
}

export function testOf({
  index,
  machine,
  worker,
  startedAtMs,
  random,
  slicePortCount,
  titles,
}: TestPlan): TestReport {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const chance = (share: number): boolean => random() < share;
  const area = pick(AREAS);
  const durationMs = 40 + random() ** 3 * 1_800;
  const waitedMs = chance(0.01) ? 80 + random() * 700 : 0;
  const failed = chance(0.015);
  const leaked = chance(index === 3 ? 1 : 0.004);
  const plan = {
    worker,
    slicePortCount,
    startedAtMs: startedAtMs + waitedMs,
    endedAtMs: startedAtMs + waitedMs + durationMs,
  };
  const ports = Array.from({ length: chance(0.15) ? 2 : 1 }, (_, place) =>
    portOf({ ...plan, index: index * 2 + place, failed, leaked: leaked && place === 0, chance, waitedMs }),
  );
  const [first] = ports as [PortUseReport];
  const hasServer = first.fixture === 'server';
  const command = pick(COMMANDS);
  const startsMs = 15 + random() * 120;
  return {
    id: `test-${index}`,
    machine,
    worker,
    project: index % 3 === 0 ? 'firefox' : 'chromium',
    file: `tests/${area.replaceAll(' ', '-')}/${pick(VERBS)}.spec.ts`,
    line: 10 + (index % 190),
    titles: titles ?? [area, `${pick(VERBS)} ${pick(THINGS)} (${index})`],
    outcome: failed ? pick(['failed', 'timedOut'] as const) : 'passed',
    retry: failed && chance(0.3) ? 1 : 0,
    startedAtMs,
    durationMs: durationMs + waitedMs,
    ports,
    servers: hasServer ? [serverOf(plan, first.port, command, startsMs, failed && chance(0.4))] : [],
  };
}

interface PortPlan {
  readonly index: number;
  readonly slicePortCount: number;
  readonly worker: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly failed: boolean;
  readonly leaked: boolean;
  readonly waitedMs: number;
  readonly chance: (share: number) => boolean;
}

function portOf({ index, worker, slicePortCount, chance, ...plan }: PortPlan): PortUseReport {
  const borrowed = chance(0.02);
  const slice = borrowed ? 0 : worker + 1;
  return {
    port: FIRST_PORT + slice * slicePortCount + (index % (slicePortCount - 13)),
    fixture: chance(0.6) ? 'server' : 'port',
    slice,
    borrowed,
    waitedMs: plan.waitedMs,
    acquiredAtMs: plan.startedAtMs + 3,
    releasedAtMs: chance(0.003) ? undefined : plan.endedAtMs,
    state: plan.leaked ? 'leaked' : plan.failed ? 'sealed' : 'free',
    leakedBy: plan.leaked ? [{ processId: 4_000 + index, command: 'node dist/worker.js --detached' }] : [],
  };
}

function serverOf(
  { startedAtMs, endedAtMs }: Pick<PortPlan, 'startedAtMs' | 'endedAtMs'>,
  port: number,
  command: string,
  startsMs: number,
  neverReady: boolean,
): ServerUseReport {
  const lengthMs = endedAtMs - startedAtMs;
  return {
    fixture: 'server',
    command: command.replace('data', `data-${port}`),
    ports: { PORT: port },
    processId: 10_000 + port,
    startedAtMs: startedAtMs + 5,
    readyAfterMs: neverReady ? undefined : Math.min(startsMs, lengthMs * 0.6),
    endedAtMs,
    exitCode: neverReady ? 1 : undefined,
    signal: neverReady ? undefined : 'SIGTERM',
  };
}
