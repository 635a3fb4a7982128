/** Labels: what a port is used for, as UTF-8 of bounded length. */
import { MAX_LABEL_BYTES } from './segment-layout.ts';

const encoder = new TextEncoder();
// A byte order mark is a character of the label like any other.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Encodes at most MAX_LABEL_BYTES bytes and never cuts a character. */
export function encodeLabel(label: string): Uint8Array {
  const bytes = new Uint8Array(MAX_LABEL_BYTES);
  return bytes.subarray(0, encoder.encodeInto(label, bytes).written);
}

export function decodeLabel(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
