/** Any value in a message, in bounded length. */
import { harmless } from './harmless.ts';

const SHOWN_LENGTH = 120;

export function describeValue(value: unknown): string {
  const text = typeof value === 'string' ? `'${value}'` : asText(value);
  return harmless(text, SHOWN_LENGTH);
}

/** No literal: see harmless.ts. */
const CONTROL = String.raw`\p{Cc}`;

/** For text in which a line break at the end may be all that is wrong: its control characters as JSON has them. */
export function showControls(text: string): string {
  return text.replaceAll(new RegExp(CONTROL, 'gu'), (control) => JSON.stringify(control).slice(1, -1));
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
