/** What `portslice doctor` prints. */
import type { CheckResult } from '../doctor/check.ts';
import type { MachineDescription } from '../doctor/describe-machine.ts';
import type { WiringResult } from '../doctor/wiring/finding.ts';
import type { WiringReport } from '../doctor/wiring/look-at-wiring.ts';
import { harmless } from '../errors/index.ts';
import { type Style, styled, terminalWidth } from './output.ts';
import { wrapAfter } from './text-width.ts';

export interface SelfTestReport {
  /** The worst of all outcomes. */
  readonly verdict: CheckResult['outcome'];
  readonly results: readonly CheckResult[];
  /** The names of the checks that could not be made. */
  readonly notMade: readonly string[];
  readonly machine: MachineDescription;
}

export interface DoctorReport extends SelfTestReport {
  readonly wiring: WiringReport;
}

export function verdictOf(results: readonly CheckResult[]): CheckResult['outcome'] {
  const outcomes = new Set(results.map(({ outcome }) => outcome));
  if (outcomes.has('failed')) return 'failed';
  return outcomes.has('weaker') ? 'weaker' : 'ok';
}

type Outcome = CheckResult['outcome'] | WiringResult['outcome'];

const LABELS: Readonly<Record<Outcome, readonly [label: string, style: Style]>> = {
  ok: ['ok', 'green'],
  weaker: ['weaker:', 'yellow'],
  warning: ['warning:', 'yellow'],
  failed: ['FAILED:', 'red'],
};
const LABEL_WIDTH = 9;

/** In one line, whatever messages it quotes; on a terminal in several of its width. */
export function formatResult(result: CheckResult): string {
  const { outcome, promise } = result;
  const details = outcome === 'ok' ? '' : `: ${formatDetails(result)}`;
  return formatLine(outcome, endSentence(promise + details));
}

export function formatFinding(result: WiringResult): string {
  return formatLine(result.outcome, formatWords(result));
}

function formatLine(outcome: Outcome, text: string): string {
  const [label, style] = LABELS[outcome];
  const start = styled(style, label) + ' '.repeat(LABEL_WIDTH - label.length);
  return wrapAfter(start, harmless(text, Infinity), terminalWidth()).join('\n');
}

/** Why it is not ok. */
function formatDetails(result: CheckResult): string {
  if (result.outcome === 'weaker') return result.weakness;
  if (result.outcome === 'ok') return '';
  const { expected, seen, advice } = result;
  return `expected ${expected}; seen: ${endSentence(seen)} ${advice}`;
}

function formatWords(result: WiringResult): string {
  return endSentence(result.finding) + (result.outcome === 'ok' ? '' : ` ${endSentence(result.advice)}`);
}

function endSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

export function formatVerdict({ verdict, results, notMade }: SelfTestReport): string {
  const count = results.filter(({ outcome }) => outcome === verdict).length;
  if (verdict === 'ok') return `Verdict: ${word('ok')}. This machine keeps all that portslice promises.`;
  if (verdict === 'weaker')
    return `Verdict: ${word('weaker')}. Ports are unique here; ${count} of ${results.length} promises are kept in part.`;
  const left = notMade.length === 0 ? '' : ` ${notMade.length} more could not be tested.`;
  return `Verdict: ${word('failed')}. ${count} of ${results.length} promises are not kept here.${left}`;
}

export function formatWiringVerdict({ verdict, results }: WiringReport): string {
  const count = results.filter(({ outcome }) => outcome === verdict).length;
  const points = `${count} of ${results.length} points`;
  if (verdict === 'ok') return `Wiring: ${word('ok')}. Nothing here keeps tests from having ports.`;
  return verdict === 'warning'
    ? `Wiring: ${word('warning')}. ${points} may need your attention.`
    : `Wiring: ${word('failed')}. ${points} must be corrected before tests here can have ports.`;
}

function word(outcome: Outcome): string {
  const [label, style] = LABELS[outcome];
  return styled(style, label.replace(':', ''));
}

const BEGIN = '----- portslice doctor, to be pasted into a report -----';

/** All of it that a reader elsewhere needs. */
export function formatReport({ verdict, results, notMade, machine, wiring }: DoctorReport): string {
  const facts: readonly (readonly [name: string, text: string])[] = [
    ...Object.entries(machine),
    ['verdict', verdict],
    ...results.map((result) => [result.name, formatOutcome(result)] as const),
    ...notMade.map((name) => [name, 'not tested'] as const),
    ['wiring', wiring.verdict],
    ...wiring.results
      .filter(({ outcome }) => outcome !== 'ok')
      .map((result) => [`wiring, ${result.name}`, `${result.outcome}: ${formatWords(result)}`] as const),
  ];
  const width = Math.max(...facts.map(([name]) => name.length)) + 2;
  const lines = facts.map(([name, text]) => `${name}:`.padEnd(width) + harmless(text, Infinity));
  return [BEGIN, ...lines, '-'.repeat(BEGIN.length)].join('\n');
}

function formatOutcome(result: CheckResult): string {
  return result.outcome === 'ok' ? 'ok' : `${result.outcome}: ${formatDetails(result)}`;
}
