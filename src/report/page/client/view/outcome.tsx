/** Whether a test passed, as a sign. */
import type { TestReport } from '../../../format.ts';

const SIGNS = { passed: '\u2713', failed: '\u2715', timedOut: '\u2715', skipped: '\u2013', interrupted: '!' };
const WORDS = {
  passed: 'passed',
  failed: 'failed',
  timedOut: 'timed out',
  skipped: 'skipped',
  interrupted: 'interrupted',
};

export function Outcome({ test: { outcome } }: { readonly test: TestReport }) {
  return (
    <span class={`outcome outcome-${outcome}`} title={WORDS[outcome]}>
      <span aria-hidden="true">{SIGNS[outcome]}</span>
      <span class="unseen">{WORDS[outcome]}: </span>
    </span>
  );
}
