/** Servers of `portslice run` that a run of the same folder may use. */
import { canonicalName } from '../../core/run-port-name.ts';
import { blockMs, monotonicMs } from '../../platform/clock.ts';
import type { PackageFolder } from '../../platform/package-folder.ts';
import { platform } from '../../platform/platform.ts';
import type { ServedPort } from '../../platform/port-kernel.ts';

/** A dev server is mostly up in a second. Meanwhile a configuration is not evaluated. */
const START_PATIENCE_MS = 5000;
const LOOK_EVERY_MS = 20;

/**
 * The one whose server listens now, and is proved to be that process's. Waits a while for one that starts.
 * @param isWanted whether the port will do
 */
export function findServer(
  folder: PackageFolder,
  name: string,
  isWanted: (port: number) => boolean = () => true,
): ServedPort | undefined {
  const startMs = monotonicMs();
  for (;;) {
    const served = findServed(folder, name).filter(({ port }) => isWanted(port));
    const listening = served.find((one) => one.isReady && isServedByItself(one));
    if (listening !== undefined || served.length === 0) return listening;
    if (monotonicMs() - startMs > START_PATIENCE_MS) return undefined;
    blockMs(LOOK_EVERY_MS);
  }
}

/** Whether it is ready or not. One that is ready comes first: it has said before that it starts. */
export function findServed(folder: PackageFolder, name: string): ServedPort[] {
  const served = platform.findServedPorts(folder.id, canonicalName(name));
  return served.toSorted((one, other) => Number(other.isReady) - Number(one.isReady));
}

/** Everybody who listens on the port descends from that process. */
function isServedByItself({ port, processId }: ServedPort): boolean {
  const listeners = platform.findListeners(port) ?? [];
  return (
    listeners.length > 0 &&
    listeners.every(
      (listener) =>
        listener.processId !== undefined && platform.findAncestors(listener.processId).includes(processId),
    )
  );
}
