/** What leads connections to a port elsewhere: the rules of packet filters as their commands print them, and Docker's helper by its command line. */
import { bracketed } from './address-text.ts';
import { isPortRange, type PortRange } from './port-range.ts';

/** Connections to any of the ports. */
export interface RedirectionRule {
  readonly ports: PortRange;
  /** Such as '172.17.0.2:80', or ':8080' of the same machine; undefined: the rule does not say. */
  readonly target: string | undefined;
  /** Whether the chain or table is named as those of container engines are. */
  readonly isOfContainers: boolean;
}

const CONTAINER_NAMES = /docker|kube|cni|netavark|podman/i;

/** @param text of `iptables-save -t nat` or `ip6tables-save -t nat` */
export function parseIptables(text: string): RedirectionRule[] {
  return text.split('\n').flatMap((line) => {
    const [, chain = '', rule = ''] = /^-A (\S+) (.*)$/.exec(line) ?? [];
    const [, ports] = /(?<!! )--(?:dports?|destination-ports?) (\S+)/.exec(rule) ?? [];
    const [, jump = ''] = / -j (\S+)/.exec(` ${rule}`) ?? [];
    const redirects = ['DNAT', 'REDIRECT'].includes(jump) || jump.startsWith('KUBE-');
    if (ports === undefined || !redirects || !/-p tcp\b/.test(rule) || isForOthers(rule, /-d (\S+)/))
      return [];
    const [, address, port] = /--to-destination (\S+)|--to-ports (\S+)/.exec(rule) ?? [];
    const target = address ?? (port === undefined ? undefined : `:${port}`);
    return toRules(ports.split(','), ':', target, CONTAINER_NAMES.test(`${chain} ${jump}`));
  });
}

/** @param text of `nft list ruleset` */
export function parseNftables(text: string): RedirectionRule[] {
  let table = '';
  let chain = '';
  return text.split('\n').flatMap((line) => {
    const [, kind, name = ''] = /^\s*(table|chain) (.*)\{$/.exec(line) ?? [];
    if (kind === 'table') table = name;
    if (kind === 'chain') chain = name;
    const [, set, single] = /\btcp dport (?:\{([^}]*)\}|(\d+(?:-\d+)?))/.exec(line) ?? [];
    const [, target] = /\b(?:dnat|redirect)(?: (?:ip|ip6))?(?: to (\S+))?/.exec(line) ?? [];
    // Without the library of iptables, nft names its targets only.
    const redirects = /\b(?:dnat|redirect)\b|xt target "(?:DNAT|REDIRECT)"/.test(line);
    const ports = set ?? single;
    if (ports === undefined || !redirects || isForOthers(line, /\bip6? daddr (\S+)/)) return [];
    return toRules(ports.split(','), '-', target, CONTAINER_NAMES.test(`${table} ${chain}`));
  });
}

/** A rule for an address that is not of the loopback interface is one for a service elsewhere, or for one address of this machine. */
function isForOthers(rule: string, pattern: RegExp): boolean {
  const [, address] = pattern.exec(rule) ?? [];
  return address !== undefined && !/^(?:127\.|::1(?:\/|$))/.test(address);
}

function toRules(
  texts: readonly string[],
  dash: string,
  target: string | undefined,
  isOfContainers: boolean,
): RedirectionRule[] {
  return texts.flatMap((text) => {
    const [firstPort = Number.NaN, lastPort = firstPort] = text.trim().split(dash).map(Number);
    return isPortRange(firstPort, lastPort)
      ? [{ ports: { firstPort, lastPort }, target, isOfContainers }]
      : [];
  });
}

/**
 * Docker starts such a process for each port that a container publishes.
 * @param command its command line. @returns undefined: it is something else, or not for TCP
 */
export function parseDockerProxy(
  command: string,
): { readonly port: number; readonly target: string } | undefined {
  const [program = '', ...words] = command.split(' ');
  if (!/(?:^|\/)docker-proxy$/.test(program)) return undefined;
  const valueOf = (name: string): string => words[words.indexOf(name) + 1] ?? '';
  const port = Number(valueOf('-host-port'));
  if (valueOf('-proto') !== 'tcp' || !isPortRange(port, port)) return undefined;
  return { port, target: `${bracketed(valueOf('-container-ip'))}:${valueOf('-container-port')}` };
}
