/** IP addresses as people write them. */

/** As it stands before a port: an IPv6 address in brackets; other addresses and the names of hosts as they are. */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** @param bytes 4 or 16, in network order */
export function formatAddress(bytes: readonly number[] | Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const hexadecimal = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  // A URL has the shortest form of an IPv6 address.
  return new URL(`http://[${hexadecimal.replaceAll(/(.{4})(?!$)/g, '$1:')}]`).hostname.slice(1, -1);
}
