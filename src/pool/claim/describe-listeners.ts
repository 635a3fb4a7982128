/** Listening processes in words. */
import { describeCommand, describeProcess } from '../../errors/index.ts';
import { platform } from '../../platform/platform.ts';
import type { Listener } from '../../platform/port-kernel.ts';

export function describeListener(listener: Listener): string {
  if (listener.processId === process.pid) return `this test process itself (pid ${process.pid})`;
  return describeProcess(listener);
}

export function describeListeners(listeners: readonly Listener[]): string {
  return listeners.length === 0 ? 'some process' : listeners.map(describeListener).join(', ');
}

/** What they do. */
export function verbOf(listeners: readonly Listener[]): string {
  return listeners.length > 1 ? 'listen' : 'listens';
}

/** What to do about servers that were left behind. */
export function adviceForLeak(listeners: readonly Listener[]): string {
  return findWrapperAdvice(listeners) ?? 'Stop the server before the test ends.';
}

/**
 * A program that is started through npm, npx or a shell is the child of that, and goes on when only that is stopped. We
 * know the name of a package manager, since its children have it in their environment; shells leave no trace.
 */
function findWrapperAdvice(listeners: readonly Listener[]): string | undefined {
  for (const { processId } of listeners) {
    const wrapper = processId === undefined ? undefined : platform.findEndedWrapper(processId);
    if (wrapper === undefined) continue;
    return wrapper.command === undefined
      ? 'The process that started it has ended: if the test stopped a wrapper (npm, npx or a shell), only the wrapper was ' +
          `stopped, and the server is its child. ${STOP_ALL}`
      : `Only its wrapper '${describeCommand(wrapper.command)}' was stopped, and the server is its child. ${STOP_ALL}`;
  }
  return undefined;
}

const STOP_ALL =
  'Start the server without a wrapper, or with detached: true, and then stop its whole group: process.kill(-pid).';
