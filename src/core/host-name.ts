/** What can be the name of a host. */

/** Underscores are not in the standard, but in names of containers; letters beyond ASCII are in names of some countries. */
const LABEL = String.raw`(?!-)[\p{L}\p{M}\p{N}_-]{1,63}(?<!-)`;
const MAX_LENGTH = 253;

export function isHostName(text: string): boolean {
  if (text.length > MAX_LENGTH) return false;
  if (/^[\d.]+$/.test(text)) return isIPv4Text(text);
  // Made here: V8 takes a millisecond to look up these classes, and few processes ask.
  return new RegExp(String.raw`^${LABEL}(?:\.${LABEL})*\.?$`, 'u').test(text);
}

/** As the C library reads it: '127.1' is 127.0.0.1, and the last number fills what is left. */
function isIPv4Text(text: string): boolean {
  const numbers = text.split('.');
  const last = Number(numbers.pop());
  const isLast = /\d$/.test(text) && last < 256 ** (4 - numbers.length);
  return isLast && numbers.length < 4 && numbers.every((number) => number !== '' && Number(number) < 256);
}

/** Names under `localhost` are loopback by RFC 6761, but not every resolver knows them. */
export function isUnderLocalhost(host: string): boolean {
  return /\.localhost\.?$/i.test(host) && isHostName(host);
}

export function isLocalhost(host: string): boolean {
  return /^localhost\.?$/i.test(host) || isUnderLocalhost(host);
}
