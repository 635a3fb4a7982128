/** The servers that this thread has started end with it, also if nobody stops them. */
import { threadState } from '../platform/thread-state.ts';
import type { Instance } from './instance.ts';

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

const running = new Set<Instance>();

/** @returns what is called when it has ended */
export function rememberInstance(instance: Instance): () => void {
  if (running.size === 0) watchEnd();
  running.add(instance);
  return () => {
    if (running.delete(instance) && running.size === 0) unwatchEnd();
  };
}

function watchEnd(): void {
  ourListeners().add(onSignal);
  process.on('exit', killAll);
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

function unwatchEnd(): void {
  process.off('exit', killAll);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

/** What goes on after that is ended by the watchdog. */
function killAll(): void {
  for (const instance of running) instance.kill();
}

/** A listener takes the place of what the signal does by default. Where there is another one, that decides about the end. */
function onSignal(signal: NodeJS.Signals): void {
  if (process.listeners(signal).some((listener) => !isOurs(listener))) return;
  killAll();
  unwatchEnd();
  process.kill(process.pid, signal);
}

/** There can be several copies of this module in a thread. */
function isOurs(listener: (...args: never[]) => unknown): boolean {
  return ourListeners().has(listener);
}

function ourListeners(): WeakSet<(...args: never[]) => unknown> {
  return threadState('server-signal-listeners', () => new WeakSet());
}
