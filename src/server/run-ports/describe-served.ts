/** Servers of `portslice run` that are not joined, in words. Takes milliseconds. */
import { describeProcess } from '../../errors/index.ts';
import { platform } from '../../platform/platform.ts';
import type { ServedPort } from '../../platform/port-kernel.ts';

/** The process of `portslice run`. */
export function describeServing({ port, processId }: ServedPort): string {
  const holder = platform.findLockHolders([port]).get(port);
  return describeProcess(holder?.processId === processId ? holder : { processId });
}

/**
 * What its server does, in words that follow 'which'.
 * @param there its port, in words
 */
export function describeUnready({ port, processId, isReady }: ServedPort, there: string): string {
  const listeners = platform.findListeners(port) ?? [];
  const stranger = listeners.find(
    (listener) =>
      listener.processId === undefined || !platform.findAncestors(listener.processId).includes(processId),
  );
  if (stranger !== undefined) return `does not listen on ${there}: ${describeProcess(stranger)} does`;
  if (listeners.length === 0)
    return `does not listen on ${there} yet${butOn(platform.findAddressesOfProcess(processId))}`;
  return isReady ? 'was not ready in time' : `listens on ${there}, and is not ready yet`;
}

/** Where a server listens in place of its port. */
export function butOn(addresses: readonly string[]): string {
  return addresses.length === 0 ? '' : `, but on ${addresses.join(' and ')}`;
}
