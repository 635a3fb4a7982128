/** What the log of a storm proves. Nothing here asks portslice. */
import type { EventKind, StormEvent } from './protocol.ts';

export interface Verdict {
  /** How many ports were handed out. */
  readonly allocations: number;
  /** Rounds in which the port was handed out, its own server answered on it, and it was given back. */
  readonly completeRounds: number;
  /** Servers that could not listen, with the code. */
  readonly failedServers: readonly string[];
  /** Two that had the same port at the same time. */
  readonly sharedPorts: readonly string[];
  /** Two servers that listened on the same port at the same time. */
  readonly sharedServers: readonly string[];
  /** Answers of others than the round's own server. */
  readonly wrongAnswers: readonly string[];
  /** What the allocator said where it gave no port. */
  readonly refusals: readonly string[];
  /** How many ports the system gave to strangers. */
  readonly strangersPorts: number;
  /** Ports that the system gave to strangers while someone in the storm had them. */
  readonly intrusions: readonly string[];
}

/** Of every storm in which each port belongs to one at a time. */
export const FLAWLESS = {
  failedServers: [],
  sharedPorts: [],
  sharedServers: [],
  wrongAnswers: [],
  refusals: [],
  intrusions: [],
} as const satisfies Partial<Verdict>;

/** From when until when a use had a port, or a server listened on it. */
interface Span {
  readonly use: string;
  readonly port: number;
  readonly fromUs: number;
  readonly untilUs: number;
}

/**
 * @param killedAtUs until when a killed process certainly lived, by its id: what it had then has no end in the log
 */
export function judge(
  events: readonly StormEvent[],
  killedAtUs: ReadonlyMap<number, number> = new Map(),
): Verdict {
  const of = (kind: EventKind): StormEvent[] => events.filter((event) => event.kind === kind);
  const owned = spans(events, 'allocated', 'releasing', killedAtUs);
  const listening = spans(events, 'bound', 'closing', killedAtUs);
  const strangers = spans(events, 'strangerTook', 'strangerLeaves', killedAtUs);
  const released = new Set(of('releasing').map((event) => event.use));
  return {
    allocations: of('allocated').length,
    completeRounds: of('answered').filter((event) => isOwnAnswer(event) && released.has(event.use)).length,
    failedServers: of('failed').map((event) => `${event.use}: ${event.detail} on ${event.port}`),
    sharedPorts: overlaps(owned),
    sharedServers: overlaps(listening),
    wrongAnswers: of('answered')
      .filter((event) => !isOwnAnswer(event))
      .map((event) => `${event.use} on ${event.port} was answered by ${event.detail}`),
    strangersPorts: strangers.length,
    intrusions: owned.flatMap((span) =>
      strangers.filter((other) => overlap(span, other)).map((other) => describe(span, other)),
    ),
    refusals: of('refused').map((event) => `${event.use}: ${event.detail}`),
  };
}

function isOwnAnswer({ use, detail }: StormEvent): boolean {
  return detail === use;
}

function spans(
  events: readonly StormEvent[],
  first: EventKind,
  last: EventKind,
  killedAtUs: ReadonlyMap<number, number>,
): Span[] {
  const ends = new Map(events.filter((event) => event.kind === last).map((event) => [event.use, event.atUs]));
  return events
    .filter((event) => event.kind === first)
    .map(({ use, port, atUs, processId }) => ({
      use,
      port,
      fromUs: atUs,
      untilUs: ends.get(use) ?? killedAtUs.get(processId) ?? Infinity,
    }));
}

/** Every span that began before an earlier one of the same port was over. The spans come in the order of time. */
function overlaps(all: readonly Span[]): string[] {
  const latest = new Map<number, Span>();
  const found: string[] = [];
  for (const span of all) {
    const before = latest.get(span.port);
    if (before !== undefined && overlap(before, span)) found.push(describe(before, span));
    if (before === undefined || before.untilUs < span.untilUs) latest.set(span.port, span);
  }
  return found;
}

function overlap(one: Span, other: Span): boolean {
  return one.port === other.port && one.fromUs < other.untilUs && other.fromUs < one.untilUs;
}

function describe(one: Span, other: Span): string {
  return `port ${one.port}: ${one.use} and ${other.use}`;
}
