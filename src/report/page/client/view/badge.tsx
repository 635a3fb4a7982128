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

interface BadgeProps {
  readonly finding: Finding;
  /** Where the place says the rest. */
  readonly text?: string;
}

export function Badge({ finding, text = finding }: BadgeProps) {
  return (
    <span class={`badge badge-${finding.replaceAll(' ', '-')}`}>
      <span aria-hidden="true">{SIGNS[finding]}</span> {text}
    </span>
  );
}
