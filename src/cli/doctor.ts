/** `portslice doctor`: the self-test, in words or as JSON. A file of its own in dist. */
import type { CheckResult } from '../doctor/check.ts';
import { describeMachine } from '../doctor/describe-machine.ts';
import { runChecks } from '../doctor/run-checks.ts';
import type { Platform } from '../platform/port-kernel.ts';
import { formatReport, formatResult, formatVerdict, type SelfTestReport, verdictOf } from './doctor-text.ts';
import { printJSON, printLine } from './output.ts';

export interface DoctorRequest {
  readonly json: boolean;
  /** For each check. */
  readonly timeoutMs: number;
  /** Of portslice. */
  readonly version: string;
  /** What is tested. */
  readonly system: Platform;
}

/** Prints what it finds, and resolves with the worst of it. */
export async function runDoctor(request: DoctorRequest): Promise<CheckResult['outcome']> {
  const { json, timeoutMs, version, system } = request;
  const results: CheckResult[] = [];
  const onResult = (result: CheckResult): void => {
    results.push(result);
    if (!json) printLine(formatResult(result));
  };
  const left = await runChecks({ system, timeoutMs, onResult });
  const machine = await describeMachine(system, version);
  const verdict = verdictOf(results);
  const report: SelfTestReport = { verdict, results, notMade: left.map(({ name }) => name), machine };
  if (json) printJSON(report);
  else printLine(`\n${formatVerdict(report)}\n\n${formatReport(report)}`);
  return verdict;
}
