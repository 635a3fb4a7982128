/** Whether a variable DEBUG, such as `vite:*,portslice:claim`, can mean portslice at all. */

const PREFIX = 'portslice:';

/** Which lines exactly, and what `-` leaves out, whoever writes them finds out. */
export function namesPortslice(patterns: string): boolean {
  return patterns.split(/[\s,]+/).some(canMatch);
}

function canMatch(pattern: string): boolean {
  const wildcard = pattern.indexOf('*');
  if (wildcard === -1) return pattern.startsWith(PREFIX);
  const head = pattern.slice(0, wildcard);
  return head.startsWith(PREFIX) || PREFIX.startsWith(head);
}
