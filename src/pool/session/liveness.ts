/** Who lives: for a pass over many records. */
import { platform } from '../../platform/platform.ts';

/** As `platform.isAlive`, asking once for each thread. */
export function livenessOfOnePass(): (threadId: number) => boolean {
  const known = new Map<number, boolean>();
  return (threadId) => {
    let alive = known.get(threadId);
    if (alive === undefined) known.set(threadId, (alive = platform.isAlive(threadId)));
    return alive;
  };
}
