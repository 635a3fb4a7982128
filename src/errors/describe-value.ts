/** Any value in a message, in bounded length. */

const SHOWN_LENGTH = 120;

export function describeValue(value: unknown): string {
  const text = typeof value === 'string' ? `'${value}'` : asText(value);
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH - 3)}...` : text;
}

function asText(value: unknown): string {
  if (value === undefined || typeof value === 'number') return String(value);
  try {
    return JSON.stringify(value) ?? `a ${typeof value}`;
  } catch {
    // Circular, or with a number too big for JSON.
    return `a ${typeof value}`;
  }
}
