/**
 * Offers one value after another as PORTSLICE_POOL: to PortPool.attach, to `new TCPPortOwner()`, and for some of them to a
 * thread of its own, which knows nothing yet and can be warned. The argument names a file with the values, as JSON.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { PortPool, PortsliceError, TCPPortOwner } from '../../src/index.ts';
import { reportToWatcher } from './watched.ts';

export interface HostileHandlesConfig {
  readonly file: string;
  /** Every so many values one is offered to a thread. */
  readonly threadEvery: number;
}

export interface HandleOutcome {
  /** The code of the typed error; 'attached'; or what else was thrown. */
  readonly attach: string;
  /** A port of a private pool; or what was thrown. */
  readonly claim: number | string;
}

export interface HostileHandlesReport {
  readonly outcomes: readonly HandleOutcome[];
  /** Of this whole process but its threads. */
  readonly warnings: readonly string[];
  readonly threads: readonly {
    readonly index: number;
    readonly claim: number | string;
    readonly warnings: readonly string[];
  }[];
}

const warnings: string[] = [];
process.on('warning', (warning: Error & { code?: string }) =>
  warnings.push(`${warning.code}: ${warning.message}`),
);

function attach(handle: string): string {
  try {
    PortPool.attach(handle);
    return 'attached';
  } catch (error) {
    return error instanceof PortsliceError ? error.code : String((error as Error).stack);
  }
}

function claim(): number | string {
  try {
    using owner = new TCPPortOwner();
    return owner.port;
  } catch (error) {
    return String((error as Error).stack);
  }
}

async function claimInThread(
  handle: string,
): Promise<Omit<HostileHandlesReport['threads'][number], 'index'>> {
  const env = { ...process.env, PORTSLICE_POOL: handle };
  const thread = new Worker(new URL(import.meta.url), { env, workerData: 'claim' });
  const [[answer]] = (await Promise.all([once(thread, 'message'), once(thread, 'exit')])) as [
    [Omit<HostileHandlesReport['threads'][number], 'index'>],
    unknown,
  ];
  return answer;
}

async function run({ file, threadEvery }: HostileHandlesConfig): Promise<void> {
  const handles = JSON.parse(readFileSync(file, 'utf8')) as string[];
  const watcher = reportToWatcher<HostileHandlesReport>();
  const outcomes: HandleOutcome[] = [];
  const threads: HostileHandlesReport['threads'][number][] = [];
  for (const [index, handle] of handles.entries()) {
    process.env['PORTSLICE_POOL'] = handle;
    outcomes.push({ attach: attach(handle), claim: claim() });
    if (index % threadEvery === 0) threads.push({ index, ...(await claimInThread(handle)) });
    watcher.progress();
  }
  await new Promise((resolve) => setImmediate(resolve));
  watcher.report({ outcomes, warnings, threads });
}

if (isMainThread) {
  await run(JSON.parse(process.argv[2] as string) as HostileHandlesConfig);
} else if (workerData === 'claim') {
  const claimed = [claim(), claim()].at(-1);
  await new Promise((resolve) => setImmediate(resolve));
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
  parentPort?.postMessage({ claim: claimed, warnings });
}
