/** What `portslice doctor` prints. */
import type { CheckResult } from '../doctor/check.ts';
import type { MachineDescription } from '../doctor/describe-machine.ts';
import { harmless } from '../errors/index.ts';

export interface SelfTestReport {
  /** The worst of all outcomes. */
  readonly verdict: CheckResult['outcome'];
  readonly results: readonly CheckResult[];
  /** The names of the checks that could not be made. */
  readonly notMade: readonly string[];
  readonly machine: MachineDescription;
}

export function verdictOf(results: readonly CheckResult[]): CheckResult['outcome'] {
  const outcomes = new Set(results.map(({ outcome }) => outcome));
  if (outcomes.has('failed')) return 'failed';
  return outcomes.has('weaker') ? 'weaker' : 'ok';
}

const LABELS: Readonly<Record<CheckResult['outcome'], string>> = {
  ok: 'ok',
  weaker: 'weaker:',
  failed: 'FAILED:',
};
const LABEL_WIDTH = 9;

/** In one line, whatever messages it quotes. */
export function formatResult(result: CheckResult): string {
  const { outcome, promise } = result;
  const details = outcome === 'ok' ? '' : `: ${formatDetails(result)}`;
  return harmless(`${LABELS[outcome].padEnd(LABEL_WIDTH)}${promise}${endSentence(details)}`);
}

/** Why it is not ok. */
function formatDetails(result: CheckResult): string {
  if (result.outcome === 'weaker') return result.weakness;
  if (result.outcome === 'ok') return '';
  const { expected, seen, advice } = result;
  return `expected ${expected}; seen: ${endSentence(seen)} ${advice}`;
}

function endSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

export function formatVerdict({ verdict, results, notMade }: SelfTestReport): string {
  const count = results.filter(({ outcome }) => outcome === verdict).length;
  if (verdict === 'ok') return 'Verdict: ok. This machine keeps all that portslice promises.';
  if (verdict === 'weaker')
    return `Verdict: weaker. Ports are unique here; ${count} of ${results.length} promises are kept in part.`;
  const left = notMade.length === 0 ? '' : ` ${notMade.length} more could not be tested.`;
  return `Verdict: FAILED. ${count} of ${results.length} promises are not kept here.${left}`;
}

const BEGIN = '----- portslice doctor, to be pasted into a report -----';

/** All of it that a reader elsewhere needs. */
export function formatReport({ verdict, results, notMade, machine }: SelfTestReport): string {
  const facts: readonly (readonly [name: string, text: string])[] = [
    ...Object.entries(machine),
    ['verdict', verdict],
    ...results.map((result) => [result.name, formatOutcome(result)] as const),
    ...notMade.map((name) => [name, 'not tested'] as const),
  ];
  const width = Math.max(...facts.map(([name]) => name.length)) + 2;
  const lines = facts.map(([name, text]) => harmless(`${name}:`.padEnd(width) + text));
  return [BEGIN, ...lines, '-'.repeat(BEGIN.length)].join('\n');
}

function formatOutcome(result: CheckResult): string {
  return result.outcome === 'ok' ? 'ok' : `${result.outcome}: ${formatDetails(result)}`;
}
