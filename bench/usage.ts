/**
 * What processes take. CPU time is user plus system, as the kernel counts it for all children that have been waited for:
 * exact, and with everything that they started and waited for in turn.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { loadKoffi } from '../src/platform/koffi.ts';

/** In milliseconds: of a process, or of whatever it says. */
export interface Usage {
  readonly cpuMs: number;
  readonly wallMs: number;
}

export interface Command {
  readonly args: readonly [program: string, ...args: string[]];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

const TIMEOUT_MS = 300_000;
/** Some programs measure many processes themselves. */
const PROGRAM_TIMEOUT_MS = 1_800_000;
const RUSAGE_CHILDREN = -1;
/** struct rusage, which begins with two timevals: user and system. */
const RUSAGE_BYTES = 144;

const koffi = loadKoffi(`linux-${process.arch}`);
const usage: Buffer = Buffer.allocUnsafeSlow(RUSAGE_BYTES);
const usageAddress = Number(koffi.address(usage));
const getrusage = koffi.load(null).func('int getrusage(int, uintptr_t)') as unknown as (
  who: number,
  address: number,
) => number;

/** From its start to its end. */
export function timeProcess({ args: [program, ...args], ...options }: Command): Usage {
  const [startCpuMs, startMs] = [childrenCpuMs(), performance.now()];
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    ...options,
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    maxBuffer: 2 ** 26,
  });
  const wallMs = performance.now() - startMs;
  if (status !== 0)
    throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`, {
      cause: error,
    });
  return { cpuMs: childrenCpuMs() - startCpuMs, wallMs };
}

/** All at the same time. The CPU time is that of all together. */
export async function timeTogether(commands: readonly Command[]): Promise<{
  readonly cpuMs: number;
  readonly wallsMs: readonly number[];
  readonly failures: readonly string[];
}> {
  const startCpuMs = childrenCpuMs();
  const ended = await Promise.all(
    commands.map(async ({ args: [program, ...args], ...options }) => {
      const startMs = performance.now();
      const child = spawn(program, args, {
        ...options,
        timeout: TIMEOUT_MS,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (text) => (output += String(text)));
      const [status] = (await once(child, 'close')) as [number | null];
      return { wallMs: performance.now() - startMs, failure: status === 0 ? undefined : output };
    }),
  );
  return {
    cpuMs: childrenCpuMs() - startCpuMs,
    wallsMs: ended.map(({ wallMs }) => wallMs),
    failures: ended.flatMap(({ failure }) => failure ?? []),
  };
}

/** What the program prints, as JSON. */
export function toldBy({ args: [program, ...args], ...options }: Command): unknown {
  const output = execFileSync(program, args, { ...options, encoding: 'utf8', timeout: PROGRAM_TIMEOUT_MS });
  return JSON.parse(output);
}

function childrenCpuMs(): number {
  if (getrusage(RUSAGE_CHILDREN, usageAddress) !== 0) throw new Error('getrusage failed');
  const [userSeconds, userUs, systemSeconds, systemUs] = [0, 8, 16, 24].map((offset) =>
    Number(usage.readBigInt64LE(offset)),
  ) as [number, number, number, number];
  return (userSeconds + systemSeconds) * 1000 + (userUs + systemUs) / 1000;
}
