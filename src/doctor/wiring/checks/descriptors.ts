/** How many ports a process may hold: each needs two descriptors. */
import { countText } from '../../../core/count-text.ts';
import { openFileLimit, usableProcessors } from '../../../platform/machine-facts.ts';
import { ok, warning, type WiringCheck } from '../finding.ts';
import { PORTS_PER_WORKER } from '../ports-per-worker.ts';

const PER_PORT = 2;
/** What a process of a runner has open anyway, with room for its servers' connections. */
const OF_A_RUNNER = 100;

export const descriptors: WiringCheck = {
  name: 'descriptors',
  look: () => {
    const limit = openFileLimit();
    if (limit === undefined) return undefined;
    if (limit === Infinity) return ok('A process may open any number of files');
    const ports = Math.max(0, Math.floor((limit - OF_A_RUNNER) / PER_PORT));
    const workers = usableProcessors();
    const perThread = Math.floor(ports / workers);
    const text = `A process may open ${countText(limit, 'file')}, enough for about ${countText(ports, 'port')} at once`;
    if (perThread >= PORTS_PER_WORKER) return ok(text);
    return warning(
      `${text}; where workers are threads, ${workers} of them share these`,
      `Raise the limit for the tests: ulimit -n ${OF_A_RUNNER + workers * PORTS_PER_WORKER * PER_PORT}, or more.`,
    );
  },
};
