/** A finding or a state in one word, with a sign of its own. */
import type { Finding } from '../model/findings.ts';

const SIGNS = {
  leaked: '\u25B6',
  'server not ready': '\u2715',
  waited: '\u25A8',
  failed: '\u2715',
  sealed: '\u25A0',
  borrowed: '\u21C4',
} as const;

export function Badge({ finding }: { readonly finding: Finding }) {
  return (
    <span class={`badge badge-${finding.replaceAll(' ', '-')}`}>
      <span aria-hidden="true">{SIGNS[finding]}</span> {finding}
    </span>
  );
}
