/** The self-test: does this machine keep what portslice promises? */
import { PortsliceError } from '../errors/index.ts';
import type { Platform } from '../platform/port-kernel.ts';
import { isFulfilledWithin } from '../server/within.ts';
import { Bench } from './bench.ts';
import { BrokenPromise, type Check, type CheckResult, type Failure, REPORT_IT } from './check.ts';
import { killedProcess, terminatedThread } from './checks/crashes.ts';
import { ephemeralRange } from './checks/ephemeral-range.ts';
import { hold } from './checks/hold.ts';
import { lockBetweenProcesses, lockBetweenThreads } from './checks/locks.ts';
import { seal } from './checks/seal.ts';
import { segment } from './checks/segment.ts';
import { addresses, listener, probe, server } from './checks/servers.ts';
import { openPortSource, type PortSource } from './port-source.ts';
import { Staff } from './staff.ts';

/** For these, nothing of the system but what every program has is asked. */
const CHECKS_OF_ANY_SYSTEM: readonly Check[] = [addresses, ephemeralRange];
const CHECKS: readonly Check[] = [
  lockBetweenProcesses,
  lockBetweenThreads,
  hold,
  server,
  probe,
  listener,
  seal,
  killedProcess,
  terminatedThread,
  segment,
];
/** All others take ports. */
const KERNEL: Check = {
  name: 'kernel',
  promise: 'The system can be asked for ports',
  run: async ({ system }) => {
    system.openKernel();
    return undefined;
  },
};

export interface SelfTest {
  readonly system: Platform;
  /** For each check. */
  readonly timeoutMs: number;
  /** Called as soon as it is known. */
  readonly onResult: (result: CheckResult) => void;
}

/** Leaves nothing behind. Resolves whatever comes of it. @returns those that could not be made */
export async function runChecks({ system, timeoutMs, onResult }: SelfTest): Promise<readonly Check[]> {
  const staff = new Staff();
  let ports: PortSource | undefined;
  const findPorts = (): PortSource => (ports ??= openPortSource(system.openKernel()));
  const run = async (check: Check): Promise<CheckResult> => {
    const result = await resultOf(check, new Bench(system, staff, findPorts, timeoutMs), staff, timeoutMs);
    onResult(result);
    return result;
  };
  try {
    for (const check of CHECKS_OF_ANY_SYSTEM) await run(check);
    if ((await run(KERNEL)).outcome === 'failed') return CHECKS;
    for (const check of CHECKS) await run(check);
    return [];
  } finally {
    await staff.dismiss();
  }
}

async function resultOf(check: Check, bench: Bench, staff: Staff, timeoutMs: number): Promise<CheckResult> {
  const { name, promise } = check;
  let weakness: string | undefined;
  let failure: Failure | undefined;
  const attempt = async (act: () => Promise<string | undefined | void>): Promise<void> => {
    try {
      const acting = act().then((found) => void (weakness ??= found ?? undefined));
      if (await isFulfilledWithin(acting, timeoutMs)) return;
      failure ??= describeTimeout(timeoutMs);
      // Whoever does not answer is of no use any more.
      await staff.dismiss();
    } catch (error) {
      failure ??= describeError(error);
    }
  };
  await attempt(async () => check.run(bench));
  await attempt(async () => bench.end());
  if (failure !== undefined) return { name, promise, outcome: 'failed', ...failure };
  return weakness === undefined
    ? { name, promise, outcome: 'ok' }
    : { name, promise, outcome: 'weaker', weakness };
}

function describeTimeout(timeoutMs: number): Failure {
  return {
    expected: `an answer within ${timeoutMs / 1000} s`,
    seen: 'none',
    advice:
      'Give it more time if this machine is busy or emulated: portslice doctor --timeout 60. If that does not help, report it.',
  };
}

function describeError(error: unknown): Failure {
  if (error instanceof BrokenPromise) return error.failure;
  const expected = 'no error';
  if (error instanceof PortsliceError)
    return { expected, seen: error.message, advice: `docs/errors.md says more about ${error.code}.` };
  const seen = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { expected, seen, advice: REPORT_IT };
}
