/** Ports that the kernel refuses though nobody has locked them: who listens on them, or what else is on them. */
import type { ExhaustionFacts, ForeignPortHolder, LeftPort } from '../../errors/index.ts';
import { monotonicMs } from '../../platform/clock.ts';
import { platform } from '../../platform/platform.ts';

/** A look-up takes milliseconds, and constructors throw the error, too: so many ports are looked at, of either kind. */
const NAMED_PORT_COUNT = 5;
/** Later than this, none but the first is begun. */
const LOOK_UP_MS = 100;

type RefusedFacts = Pick<
  ExhaustionFacts,
  'listenedOnByStrangers' | 'strangers' | 'strictlyRefused' | 'leftPorts'
>;

/** A bind is refused by a listener, by what an earlier server has left, or by a socket that somebody has only bound. */
export function explainRefused(refused: readonly number[]): RefusedFacts {
  const ports = refused.toSorted((a, b) => a - b);
  const deadlineMs = monotonicMs() + LOOK_UP_MS;
  const listening = ports.length === 0 ? undefined : platform.findListeningPorts();
  const { strangers, ended } = findStrangers(
    ports.filter((port) => listening?.has(port) ?? true),
    deadlineMs,
  );
  const others = ports.filter((port) => ended.has(port) || listening?.has(port) === false);
  return {
    listenedOnByStrangers: ports.length - others.length,
    strangers,
    strictlyRefused: others.length,
    leftPorts: findLeftovers(others, deadlineMs),
  };
}

/** @returns also the ports whose listener has ended meanwhile */
function findStrangers(
  ports: readonly number[],
  deadlineMs: number,
): { strangers: ForeignPortHolder[]; ended: ReadonlySet<number> } {
  const strangers: ForeignPortHolder[] = [];
  const ended = new Set<number>();
  for (const port of ports) {
    const isLate = strangers.length + ended.size > 0 && monotonicMs() > deadlineMs;
    if (isLate || strangers.length === NAMED_PORT_COUNT) break;
    const listeners = platform.findListeners(port);
    if (listeners?.length === 0) ended.add(port);
    // Of several, such as a server and its workers, the first does.
    else strangers.push({ ...listeners?.[0], port });
  }
  return { strangers, ended };
}

function findLeftovers(ports: readonly number[], deadlineMs: number): LeftPort[] {
  const found: LeftPort[] = [];
  for (const port of ports.slice(0, NAMED_PORT_COUNT)) {
    if (found.length > 0 && monotonicMs() > deadlineMs) break;
    found.push({ port, isInTimeWait: platform.isOnlyInTimeWait(port) });
  }
  return found;
}
