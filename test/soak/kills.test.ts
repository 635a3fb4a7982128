/**
 * Proves that whatever is killed, and whenever, nobody has to clean up. Processes are stopped at each step of creating, attaching,
 * claiming, releasing and borrowing, or at any moment of their work, and get a SIGKILL. As soon as the kernel reports their end, every port
 * of the pool is claimed, listened on and given back by others, of the same run and of another one, in turn and without waiting. The kernel's
 * own lists show that no address, socket, memory, file or descriptor stays behind. All in namespaces of their own: what is there is ours.
 */
import { describe, expect, it, type TestContext } from 'vitest';
import { needNamespace } from '../support/needs.ts';
import { scriptOutput } from '../support/run-script.ts';
import { momentsOf, type Phase, PHASES } from './kill-moments.ts';
import type { KillReport } from './kill-report.ts';
import { repetitions, soakTimeoutMs } from './scale.ts';

const SOURCE = new URL('../../src/index.ts', import.meta.url).href;
const SPARES_THE_DEAD = new URL('../support/weakened.program.ts?dead=spared', import.meta.url).href;
const TIMEOUT_MS = soakTimeoutMs(300_000, 3_000_000);
/** Each moment at least once. */
const workersAt = (phase: Phase): number => repetitions(momentsOf(phase).length, 42);
const RUNS = {
  created: repetitions(1, 10),
  paused: repetitions(1, 15),
  random: repetitions(1, 13),
  alone: repetitions(1, 12),
};

const workerKills = {
  ...Object.fromEntries(PHASES.map((phase) => [phase, workersAt(phase)])),
  random: repetitions(4, 206),
};

/** With /dev/shm and System V shared memory of their own too. */
function inNamespaces(
  context: TestContext,
  name: 'killWorkers' | 'killRuns',
  counts: object,
  source = SOURCE,
): Promise<KillReport> {
  const wrapper = [...needNamespace(context, 'mount -t tmpfs none /dev/shm'), 'unshare', '--ipc'];
  return scriptOutput<KillReport>(
    `import { ${name} } from './test/soak/kills.program.ts';
     console.log(JSON.stringify(await ${name}('${source}', ${JSON.stringify(counts)})));`,
    { wrapper },
  );
}

describe('a SIGKILL', { timeout: TIMEOUT_MS }, () => {
  it('of a worker, at each step and at any moment, frees its ports at once and leaves nothing behind', async (context) => {
    expect(await inNamespaces(context, 'killWorkers', workerKills)).toEqual({
      kills: workerKills,
      problems: [],
    });
  });

  it('of a whole run, or of its creator alone, frees its ports at once and leaves nothing behind', async (context) => {
    expect(await inNamespaces(context, 'killRuns', RUNS)).toEqual({ kills: RUNS, problems: [] });
  });

  it('is seen to lose ports where nobody takes them from the dead', async (context) => {
    const { problems } = await inNamespaces(context, 'killWorkers', { held: 2 }, SPARES_THE_DEAD);
    expect(problems.join('\n')).toMatch(/could not claim \d+/);
  });
});
