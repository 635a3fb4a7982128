import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { isRunning } from '../../src/platform/linux/liveness.ts';
import { hasShellWatchdog } from '../support/kernel-traits.ts';
import { startProgram, startThread } from '../support/program.ts';
import { projectFolder, scriptOutput } from '../support/run-script.ts';
import { until } from '../support/until.ts';
import { expectNobodyLeftOf, expectNothingOutlives, expectNothingOutlivesStart } from './kill-workers.ts';
import type { TreeCommands } from './tree-worker.program.ts';
import { startTreeWorker, type TreeWorker, treeWorkerProgram } from './tree-worker.ts';
import { WILD_TREES, wildFolder, type WildTree } from './wild-trees.ts';

/** Longer than a wait, which says what it waits for. */
const TIMEOUT_MS = 150_000;
const KILLS_DURING_START = 10;

const SLEEPER: WildTree = {
  command: ['sh', '-c', 'env -i setsid sleep 3600 & sleep 3600'],
  isUp: (processes) => processes.filter(({ command }) => command === 'sleep 3600').length === 2,
};

describe.each(Object.entries(WILD_TREES))('Of %s', { timeout: TIMEOUT_MS }, (_, make) => {
  it('nothing is left when the worker is killed, and the watchdog ends', async (context) => {
    using place = wildFolder();
    await expectNothingOutlives(context, make(place.folder, context));
  });
});

test(
  'A worker that is killed at any moment of a start leaves nothing',
  { timeout: TIMEOUT_MS },
  async (context) => {
    for (let kill = 0; kill < KILLS_DURING_START; kill++)
      await expectNothingOutlivesStart(context, SLEEPER, 5 * kill);
  },
);

describe('The watchdog', { timeout: TIMEOUT_MS }, () => {
  it('is one for all trees of a worker, and has none of the descriptors of the worker', async (context) => {
    await using worker = await startTreeWorker(context);
    await worker.call('claim');
    await worker.startUp(SLEEPER);
    const watchdog = await theWatchdog(worker);
    await worker.call('claim');
    expect(sharedDescriptors(watchdog, worker.pid)).toEqual([]);
    await worker.call('start', ['sleep', '3600']);
    expect(await theWatchdog(worker)).toBe(watchdog);
  });

  it.runIf(hasShellWatchdog)('has nothing open but its input', async (context) => {
    await using worker = await startTreeWorker(context);
    await worker.call('claim');
    await worker.startUp(SLEEPER);
    const watchdog = await theWatchdog(worker);
    // The shell that has started it can have ended before it has arranged them.
    await expect.poll(() => descriptorsOf(watchdog)).toEqual(['0 socket', '1 /dev/null', '2 /dev/null']);
  });

  it('ends with a worker that has closed its trees, and kills nobody', async (context) => {
    await using worker = await startTreeWorker(context);
    const id = await worker.startUp(SLEEPER);
    await theWatchdog(worker);
    await worker.call('close', id);
    await worker.kill();
    await until('the watchdog has ended', () => worker.watchdogs().length === 0);
    const left = worker.others();
    expect(left.length).toBeGreaterThanOrEqual(2);
    left.forEach(({ pid }) => process.kill(pid, 'SIGKILL'));
  });

  it('ends the servers of a worker that ends by itself without closing its trees', async (context) => {
    await using worker = await startTreeWorker(context);
    await worker.startUp(SLEEPER);
    await worker.end();
    await expectNobodyLeftOf(worker);
  });

  it('does not keep a process alive', async () => {
    const output = await scriptOutput<string>(
      `import { serverPlatform } from './src/platform/server-platform.ts';
       const tree = serverPlatform.openProcessTree();
       console.log(JSON.stringify(String(tree.problem)));`,
    );
    expect(output).toBe('undefined');
  });

  it('is not ended by signals that end a job', async (context) => {
    await using worker = await startTreeWorker(context);
    await worker.startUp(SLEEPER);
    const watchdog = await theWatchdog(worker);
    await until('it is prepared for them', () => handlesJobSignals(watchdog));
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(watchdog, signal);
    await worker.kill();
    await expectNobodyLeftOf(worker);
  });

  it('is replaced if somebody ends it, and its successor knows of the servers', async (context) => {
    await using worker = await startTreeWorker(context);
    const id = await worker.startUp(SLEEPER);
    const watchdog = await theWatchdog(worker);
    process.kill(watchdog, 'SIGKILL');
    await until('there is another one', () =>
      worker.watchdogs().some(({ pid, parentId }) => pid !== watchdog && parentId !== worker.pid),
    );
    // Its answer comes after it has told the new one.
    await worker.call('find', id);
    await worker.kill();
    await expectNobodyLeftOf(worker);
  });

  it('ends the servers of a thread that is terminated, and those of no other', async () => {
    await using other = startThread<TreeCommands>(treeWorkerProgram);
    await using thread = startThread<TreeCommands>(treeWorkerProgram);
    const kept = await other.call('start', ['sleep', '3600']);
    const ended = await thread.call('start', ['sleep', '3600']);
    await thread.kill();
    await until('its server is gone', () => !isRunning(ended));
    expect(isRunning(kept)).toBe(true);
    expect(await other.call('signal', kept, 'SIGKILL')).toBe(1);
  });

  it('does its work where the worker is itself in a tree that is killed', async (context) => {
    const script = `
      import { spawn } from 'node:child_process';
      import { serverPlatform } from '${projectFolder}/src/platform/server-platform.ts';
      const tree = serverPlatform.openProcessTree();
      const command = tree.wrap(${JSON.stringify(SLEEPER.command)}, { environment: process.env });
      const env = { ...process.env, ...tree.environment };
      const child = spawn(command[0], command.slice(1), { detached: true, env, stdio: 'ignore' });
      tree.add(child.pid);
      setInterval(() => {}, 1e6);`;
    await using worker = await startTreeWorker(context);
    const id = await worker.startUp({
      command: [process.execPath, '--input-type=module', '-e', script],
      isUp: SLEEPER.isUp,
    });
    await until('both have a watchdog, and who has started them has ended', () => {
      const watchdogs = worker.watchdogs();
      const started = new Set([worker.pid, ...[...worker.others(), ...watchdogs].map(({ pid }) => pid)]);
      return watchdogs.length === 2 && watchdogs.every(({ parentId }) => !started.has(parentId));
    });
    const [inner] = worker.others().filter(({ command }) => command === 'sleep 3600');
    expect(await worker.call('has', id, inner?.pid as number)).toBe(true);
    for (const { pid } of worker.watchdogs()) expect(await worker.call('has', id, pid)).toBe(false);
    await worker.call('signal', id, 'SIGKILL');
    await until('nobody is left', () => worker.others().length === 0 && worker.watchdogs().length === 1);
  });

  it.runIf(hasShellWatchdog)('is told to be missing where every shell ends at once', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'portslice-sh-'));
    try {
      writeFileSync(path.join(folder, 'sh'), '#!/bin/true\n', { mode: 0o755 });
      await using worker = startProgram<TreeCommands>(treeWorkerProgram, { env: { PATH: folder } });
      const command = [process.execPath, '-e', 'setInterval(() => {}, 1e6)'];
      const ids = [await worker.call('start', command, false)];
      await until('it is told', async () => {
        ids.push(await worker.call('start', command, false));
        return (await worker.call('problem', ids.at(-1) as number)) !== undefined;
      });
      expect(await worker.call('problem', ids.at(-1) as number)).toMatch(
        /is ended again and again.*\. Let whatever ends it spare it$/,
      );
      for (const id of ids) expect(await worker.call('signal', id, 'SIGKILL')).toBe(1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.runIf(hasShellWatchdog)(
    'is told to be missing where there is no shell, and servers are started all the same',
    async () => {
      await using worker = startProgram<TreeCommands>(treeWorkerProgram, { env: { PATH: '/nonexistent' } });
      const id = await worker.call('start', [process.execPath, '-e', 'setInterval(() => {}, 1e6)']);
      expect(await worker.call('problem', id)).toMatch(/'sh' cannot be started/);
      expect(await worker.call('find', id)).toEqual([id]);
      expect(await worker.call('signal', id, 'SIGKILL')).toBe(1);
    },
  );
});

/** Its first shell has ended. */
async function theWatchdog(worker: TreeWorker): Promise<number> {
  await until('one watchdog is there', () => {
    const all = worker.watchdogs();
    return all.length === 1 && all[0]?.parentId !== worker.pid;
  });
  return worker.watchdogs()[0]?.pid as number;
}

/** Whether it ignores or catches them. */
function handlesJobSignals(processId: number): boolean {
  const status = readFileSync(`/proc/${processId}/status`, 'latin1');
  const masks = ['SigIgn', 'SigCgt'].map((name) =>
    BigInt(`0x${new RegExp(`${name}:\\s*(\\w+)`).exec(status)?.[1]}`),
  );
  const { SIGINT, SIGTERM, SIGHUP } = constants.signals;
  return [SIGINT, SIGTERM, SIGHUP].every((signal) => masks.some((mask) => (mask >> BigInt(signal - 1)) & 1n));
}

/** Sockets, pipes and files that both have open, but for /dev/null and what this process itself was given. */
function sharedDescriptors(one: number, other: number): string[] {
  const ignored = new Set([...targetsOf(process.pid), '/dev/null']);
  // Those without a number are kinds of descriptors, and not the same one.
  const isOne = (target: string): boolean => !target.startsWith('anon_inode:') && !ignored.has(target);
  const others = new Set(targetsOf(other));
  return targetsOf(one).filter((target) => isOne(target) && others.has(target));
}

function targetsOf(processId: number): string[] {
  return linksOf(processId).map((link) => link.replace(/^\d+ /, ''));
}

/** Without what this process itself, too, was given by those who have started it. */
function descriptorsOf(processId: number): string[] {
  const inherited = new Set(linksOf(process.pid).filter((link) => /^\d{2}/.test(link)));
  return linksOf(processId)
    .filter((link) => !inherited.has(link))
    .map((link) => link.replace(/:.*/, ''))
    .toSorted();
}

function linksOf(processId: number): string[] {
  const folder = `/proc/${processId}/fd`;
  return readdirSync(folder).flatMap((name) => {
    try {
      return [`${name} ${readlinkSync(`${folder}/${name}`)}`];
    } catch {
      // The one with which the folder was read.
      return [];
    }
  });
}
