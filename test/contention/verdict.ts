/** What the log of a storm proves. Nothing here asks portslice. */
import { describeOverlap, findOverlaps, type Span } from '../support/overlaps.ts';
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

export interface OtherEvidence {
  /** Until when a killed worker certainly lived: what it had then has no end in the log. */
  readonly killedAtUs?: ReadonlyMap<number, number>;
  readonly strangers?: readonly Span[];
}

export function judge(
  events: readonly StormEvent[],
  { killedAtUs = new Map(), strangers = [] }: OtherEvidence = {},
): Verdict {
  const of = (kind: EventKind): StormEvent[] => events.filter((event) => event.kind === kind);
  const owned = spans(of('allocated'), of('releasing'), killedAtUs);
  const listening = spans(of('bound'), of('closing'), killedAtUs);
  const released = new Set(of('releasing').map((event) => event.use));
  const isStranger = new Set(strangers);
  return {
    allocations: owned.length,
    completeRounds: of('answered').filter((event) => isOwnAnswer(event) && released.has(event.use)).length,
    failedServers: of('failed').map((event) => `${event.use}: ${event.detail} on ${event.port}`),
    sharedPorts: findOverlaps(owned).map(describeOverlap),
    sharedServers: findOverlaps(listening).map(describeOverlap),
    wrongAnswers: of('answered')
      .filter((event) => !isOwnAnswer(event))
      .map((event) => `${event.use} on ${event.port} was answered by ${event.detail}`),
    strangersPorts: strangers.length,
    intrusions: findOverlaps(
      [...owned, ...strangers],
      (first, second) => isStranger.has(first) === isStranger.has(second),
    ).map(describeOverlap),
    refusals: of('refused').map((event) => `${event.use}: ${event.detail}`),
  };
}

function isOwnAnswer({ use, detail }: StormEvent): boolean {
  return detail === use;
}

function spans(
  begins: readonly StormEvent[],
  ends: readonly StormEvent[],
  killedAtUs: ReadonlyMap<number, number>,
): Span[] {
  const endOf = new Map(ends.map((event) => [event.use, event.atUs]));
  return begins.map(({ use, port, atUs, worker }) => ({
    owner: use,
    port,
    from: atUs,
    until: endOf.get(use) ?? killedAtUs.get(worker) ?? Infinity,
  }));
}
