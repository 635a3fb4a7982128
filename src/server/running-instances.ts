/** The servers that this thread has started end with it, also if nobody stops them. */
import { startImmediate } from '../platform/clock.ts';
import { threadState } from '../platform/thread-state.ts';
import { trace } from '../platform/trace.ts';
import type { Instance } from './instance.ts';

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Each with what describes it. */
const running = new Map<Instance, () => string>();

/**
 * @param describe for a line of the trace
 * @returns what is called when it has ended
 */
export function rememberInstance(instance: Instance, describe: () => string): () => void {
  if (running.size === 0) watchEnd();
  running.set(instance, describe);
  return () => {
    if (running.delete(instance) && running.size === 0) unwatchEnd();
  };
}

function watchEnd(): void {
  process.on('exit', killAll);
  SIGNALS.forEach(watchSignal);
}

function unwatchEnd(): void {
  process.off('exit', killAll);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

function watchSignal(signal: NodeJS.Signals): void {
  ourListeners().add(onSignal);
  process.prependListener(signal, onSignal);
}

/** What goes on after that is ended by the watchdog. */
function killAll(): void {
  for (const [instance, describe] of running) {
    trace().server?.(`${describe()} ends with this process`);
    instance.kill();
  }
}

/**
 * A listener takes the place of what the signal does by default. Where there are others, they decide about the end, and many of them
 * end the process only if they are alone: so this one is the first, and takes itself away while they look.
 */
function onSignal(signal: NodeJS.Signals): void {
  process.off(signal, onSignal);
  if (process.listeners(signal).some((listener) => !ourListeners().has(listener))) {
    startImmediate(() => running.size > 0 && watchSignal(signal));
    return;
  }
  killAll();
  unwatchEnd();
  endByItself(signal);
}

function endByItself(signal: NodeJS.Signals): void {
  try {
    process.kill(process.pid, signal);
  } catch (error) {
    // On Windows SIGHUP comes when a console is closed, and cannot be sent.
    if ((error as NodeJS.ErrnoException).code !== 'ENOSYS') throw error;
    process.exit(128 + process.getBuiltinModule('node:os').constants.signals[signal]);
  }
}

/** There can be several copies of this module in a thread. */
function ourListeners(): WeakSet<(...args: never[]) => unknown> {
  return threadState('server-signal-listeners', () => new WeakSet());
}
