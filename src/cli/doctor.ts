/** `portslice doctor`: the self-test and the wiring of the project, in words or as JSON. A file of its own in dist. */
import type { CheckResult } from '../doctor/check.ts';
import { describeMachine } from '../doctor/describe-machine.ts';
import { runChecks } from '../doctor/run-checks.ts';
import { lookAtWiring, type WiringReport } from '../doctor/wiring/look-at-wiring.ts';
import { harmless } from '../errors/index.ts';
import type { Platform } from '../platform/port-kernel.ts';
import {
  type DoctorReport,
  formatFinding,
  formatReport,
  formatResult,
  formatVerdict,
  formatWiringVerdict,
  verdictOf,
} from './doctor-text.ts';
import { printJSON, printLine } from './output.ts';

/** Of the JSON: schemas/doctor.schema.json. */
const REPORT_VERSION = 1;

export interface DoctorRequest {
  readonly json: boolean;
  /** For each check of the self-test. */
  readonly timeoutMs: number;
  /** Of portslice. */
  readonly version: string;
  /** What is tested. */
  readonly system: Platform;
  /** Of the project. */
  readonly folder: string;
}

/** Prints what it finds. @returns whether something fails */
export async function runDoctor(request: DoctorRequest): Promise<boolean> {
  const { json, timeoutMs, version, system, folder } = request;
  const results: CheckResult[] = [];
  const onResult = (result: CheckResult): void => {
    results.push(result);
    if (!json) printLine(formatResult(result));
  };
  const left = await runChecks({ system, timeoutMs, onResult });
  const wiring = await lookAtWiring(folder);
  if (!json) printWiring(wiring);
  const machine = await describeMachine(system, version);
  const verdict = verdictOf(results);
  const report: DoctorReport = { verdict, results, notMade: left.map(({ name }) => name), machine, wiring };
  if (json) printJSON({ version: REPORT_VERSION, ...report });
  else printLine(`\n${formatVerdict(report)}\n${formatWiringVerdict(wiring)}\n\n${formatReport(report)}`);
  return verdict === 'failed' || wiring.verdict === 'failed';
}

function printWiring({ folder, results }: WiringReport): void {
  printLine(`\nThe wiring of ${harmless(folder)}:`);
  for (const result of results) printLine(formatFinding(result));
}
