/** The addresses under which a server on a port is reached from this machine. */
import { bracketed } from './address-text.ts';

/** @param hosts those on which the port is free, at least one; '' is every address */
export function hostToConnect(hosts: readonly string[]): string {
  const everywhere = ['', 'localhost', '0.0.0.0', '::'];
  return hosts.some((host) => everywhere.includes(host)) ? 'localhost' : (hosts[0] as string);
}

export function serverUrl(
  { hosts, port }: { readonly hosts: readonly string[]; readonly port: number },
  path: string,
  protocol: string,
): string {
  const host = bracketed(hostToConnect(hosts));
  const separator = path === '' || path.startsWith('/') ? '' : '/';
  return `${protocol.replace(/:$/, '')}://${host}:${port}${separator}${path}`;
}
