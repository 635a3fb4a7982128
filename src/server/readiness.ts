/** Waits until a server is ready, or it is certain that it will not be. */
import { followSignals } from '../core/follow-signals.ts';
import {
  type PortsliceError,
  ServerAddressInUseError,
  ServerExitedError,
  ServerNotReadyError,
  type ServerStartFacts,
} from '../errors/index.ts';
import { pause, startTimeout, stopTimeout } from '../platform/clock.ts';
import { platform } from '../platform/platform.ts';
import { findNamedPortInUse, findPortInUse } from './address-in-use.ts';
import { addressIn } from './check-options.ts';
import { fillIn, portNamesIn } from './command-template.ts';
import { isRegExp } from './foreign-values.ts';
import { isSuccess, untilAnswered } from './http-answer.ts';
import { lookSoon } from './listening-watch.ts';
import { untilListening } from './listening.ts';
import type { Reach } from './reach.ts';
import type { Readiness } from './server-options.ts';
import type { ServerEnd } from './server.ts';
import type { Start } from './start.ts';
import { notTaken, untilTaken } from './untaken-socket.ts';
import { type Hindrance, whyNotListening } from './why-not-listening.ts';
import { unlessAborted } from './within.ts';

const FUNCTION_PAUSE_MS = 10;

const CORRECT_READY = 'Correct ready, or raise readyTimeoutMs.';

/** What was last seen of a server that listens and is not ready. */
type Progress = { -readonly [Fact in keyof Hindrance]: Hindrance[Fact] };

/**
 * @throws ServerNotReadyError, ServerExitedError, ServerAddressInUseError, ForeignListenerError, the signal's reason; what a
 *   function in place of a command throws
 */
export async function untilReady(start: Start, signal: AbortSignal): Promise<void> {
  const ending = new AbortController();
  // Of a function, or of a launcher.
  const progress: Progress = {
    problem: 'what starts it has not ended',
    fix: 'Let that end when the server listens, or raise readyTimeoutMs.',
  };
  const stopWatching = watchFailures(start, signal, ending, progress);
  try {
    await unlessAborted(start.instance.begun, ending.signal);
    Object.assign(progress, { problem: 'it has only just begun to listen', fix: CORRECT_READY });
    await Promise.all([
      untilListeningSomehow(start, ending.signal),
      unlessAborted(untilMatched(start, progress, ending.signal), ending.signal),
    ]);
    await unlessAborted(untilItSaysSo(start, progress, ending.signal), ending.signal);
  } catch (error) {
    // What ends the wait is why a part of it has failed.
    ending.signal.throwIfAborted();
    throw error;
  } finally {
    stopWatching();
    // Ends the parts that still wait.
    ending.abort();
  }
}

/** The first port of a server that is handed a socket listens already. */
async function untilListeningSomehow(start: Start, signal: AbortSignal): Promise<void> {
  const [first, ...others] = reachesToWaitFor(start) as [Reach, ...Reach[]];
  const { handOver } = start;
  if (handOver === undefined) return untilListening(start, [first, ...others], signal);
  await Promise.all([untilTaken(start, handOver, first, signal), untilListening(start, others, signal)]);
}

/** A server that is asked something listens on its first port, and where it is asked; the others are its own business. */
function reachesToWaitFor({ settings: { ready }, reaches }: Start): Reach[] {
  const all = [...reaches.values()];
  if (ready === 'listening') return all;
  const asked = portNamesIn([addressIn(ready) ?? '']);
  return [...reaches].flatMap(([name, reach]) => (reach === all[0] || asked.includes(name) ? reach : []));
}

/** Aborts with the error as soon as it is certain that the server will not be ready. @returns what ends that */
function watchFailures(
  start: Start,
  signal: AbortSignal,
  ending: AbortController,
  progress: Progress,
): () => void {
  const { settings } = start;
  const unfollow = followSignals(ending, [signal]);
  const timer = startTimeout(() => void endLate(start, ending, progress), settings.readyTimeoutMs);
  void watchEnd(start, ending);
  void watchOutput(start, ending);
  return () => {
    stopTimeout(timer);
    unfollow();
  };
}

async function endLate(start: Start, ending: AbortController, progress: Progress): Promise<void> {
  try {
    ending.abort(await notReady(start, progress));
  } catch (error) {
    ending.abort(error);
  }
}

async function watchEnd(start: Start, ending: AbortController): Promise<void> {
  const end = await start.instance.ended;
  if (!ending.signal.aborted && !start.instance.survives(end)) ending.abort(whyEnded(start, end));
}

/** Where a server says that its port is in use, and goes on (`node --watch`, a dev server), there is nothing to wait for. */
async function watchOutput(start: Start, ending: AbortController): Promise<void> {
  const ports = portsOf(start);
  while (!ending.signal.aborted) {
    await start.output.next();
    lookSoon();
    const port = ending.signal.aborted ? undefined : findNamedPortInUse(start.output.textOfStart(), ports);
    if (port !== undefined) ending.abort(addressInUse(start, port));
  }
}

async function untilMatched(start: Start, progress: Progress, signal: AbortSignal): Promise<void> {
  const { ready } = start.settings;
  if (!isRegExp(ready)) return;
  // Each text is read anew, from its beginning.
  const pattern = new RegExp(ready.source, ready.flags.replaceAll(/[gy]/g, ''));
  while (!pattern.test(start.output.textOfStart())) {
    progress.problem = `its output does not match ${String(ready)}`;
    await start.output.next();
    signal.throwIfAborted();
  }
}

async function untilItSaysSo(start: Start, progress: Progress, signal: AbortSignal): Promise<void> {
  const { ready } = start.settings;
  if (ready === 'listening' || isRegExp(ready)) return;
  if (typeof ready === 'function') return untilTrue(start, ready, progress, signal);
  const { url, isExpected } = questionOf(start, ready);
  const note = (problem: string): void => void (progress.problem = problem);
  await untilAnswered({ url, isExpected, note }, signal);
}

type Address = Exclude<Readiness, RegExp | ((...args: never[]) => unknown)>;

function questionOf(
  { server }: Start,
  ready: Address,
): { url: string; isExpected: (status: number) => boolean } {
  const text = fillIn(typeof ready === 'string' ? ready : ready.url, server.ports);
  const url = text.startsWith('/') ? server.url(text) : text;
  const statuses = typeof ready === 'string' ? undefined : [ready.status].flat();
  return { url, isExpected: (status) => statuses?.includes(status) ?? isSuccess(status) };
}

/** What it throws may be gone with the next call: the server does not answer yet. */
async function untilTrue(
  { server }: Start,
  isReady: Extract<Readiness, (...args: never[]) => unknown>,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      if (await isReady(server)) return;
      progress.problem = 'ready() is false';
    } catch (error) {
      progress.problem = `ready() has thrown: ${String(error)}`;
    }
    await pause(FUNCTION_PAUSE_MS, signal);
  }
}

function whyEnded(start: Start, end: ServerEnd): PortsliceError {
  const port = end.exitCode === 0 ? undefined : findPortInUse(start.output.textOfStart(), portsOf(start));
  if (port !== undefined) return addressInUse(start, port);
  const { port: first, ...started } = factsOf(start);
  const processId = start.instance.processId as number;
  return new ServerExitedError({ ...end, port: first, processId, started });
}

function addressInUse(start: Start, port: number): PortsliceError {
  if (start.handOver?.isTaken === false && port === start.server.port)
    return notTaken(start, `it says that port ${port} is in use, so it listens by itself`);
  const listeners = platform.findListeners(port) ?? [];
  const holder = listeners.find((listener) => !start.instance.includes(listener));
  return new ServerAddressInUseError({
    ...factsOf(start),
    port,
    holder,
    isWithoutHold: !start.isHeld,
    isListening: listeners.length > 0,
    isInTimeWait: platform.isOnlyInTimeWait(port),
  });
}

async function notReady(start: Start, progress: Progress): Promise<PortsliceError> {
  const hindrance = (await whyNotListening(start, reachesToWaitFor(start))) ?? progress;
  const { readyTimeoutMs } = start.settings;
  if (start.handOver?.isTaken === false)
    return notTaken(start, `it has accepted no connection on it within ${readyTimeoutMs} ms`);
  return new ServerNotReadyError({ ...factsOf(start), timeoutMs: readyTimeoutMs, ...hindrance });
}

function factsOf({ settings, server, output }: Start): ServerStartFacts {
  return {
    name: settings.name,
    port: server.port,
    output: output.text(),
    lastLines: output.lastLines(),
  };
}

function portsOf({ reaches }: Start): number[] {
  return [...reaches.values()].map(({ port }) => port);
}
