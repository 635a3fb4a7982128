/** What can be the name of a host. */

/** Underscores are not in the standard, but in names of containers; letters beyond ASCII are in names of some countries. */
const LABEL = String.raw`(?!-)[\p{L}\p{M}\p{N}_-]{1,63}(?<!-)`;
const MAX_LENGTH = 253;

export function isHostName(text: string): boolean {
  if (text.length > MAX_LENGTH) return false;
  // What ends in a number is an address or nothing: '999.0.0.1', '1.2.3.4.5'. The rule is that of URLs.
  if (/(?:^|\.)\d+\.?$/.test(text) && !URL.canParse(`http://${text}`)) return false;
  // Made here: V8 takes a millisecond to look up these classes, and few processes ask.
  return new RegExp(String.raw`^${LABEL}(?:\.${LABEL})*\.?$`, 'u').test(text);
}

/** Names under `localhost` are loopback by RFC 6761, but not every resolver knows them. */
export function isUnderLocalhost(host: string): boolean {
  return /\.localhost\.?$/i.test(host) && isHostName(host);
}
