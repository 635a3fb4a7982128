/** What leads connections to a port of this machine elsewhere: Docker's helper processes, and the kernel's rules where we may read them. */
import { includesPort } from '../../core/port-range.ts';
import {
  parseDockerProxy,
  parseIptables,
  parseNftables,
  type RedirectionRule,
} from '../../core/redirection-text.ts';
import { copyEnvironment } from '../environment.ts';
import type { Redirection, Redirections } from '../port-inspector.ts';
import { listProcesses, readCommand, readLink, readText } from './proc.ts';

export function findRedirections(ports: ReadonlySet<number>): Redirections {
  const rules = readRules();
  const found = [...findDockerProxies(ports), ...rules.flatMap((rule) => onPorts(rule, ports))];
  const texts = found.map((redirection) => JSON.stringify([redirection.port, redirection.target]));
  return {
    // Docker has a process and a rule for the same port, and nftables shows the rules of iptables too.
    found: found.filter((_, at) => texts.indexOf(texts[at] as string) === at),
    seesRules: rules.length > 0,
  };
}

function findDockerProxies(ports: ReadonlySet<number>): Redirection[] {
  return listProcesses().flatMap((processId) => {
    const proxy = parseDockerProxy(readCommand(processId) ?? '');
    if (proxy === undefined || !ports.has(proxy.port) || isElsewhere(processId)) return [];
    return [{ ...proxy, isOfContainers: true, by: 'docker-proxy', processId }];
  });
}

/** In another network namespace, whose ports are not ours. Of another user's process that is not told. */
function isElsewhere(processId: number): boolean {
  const namespace = readLink(`/proc/${processId}/ns/net`);
  return namespace !== '' && namespace !== readLink('/proc/self/ns/net');
}

interface Rules {
  readonly by: string;
  readonly rules: readonly RedirectionRule[];
}

type Command = readonly [
  by: string,
  program: string,
  args: readonly string[],
  parse: (text: string) => RedirectionRule[],
];

/** It shows the rules of today's iptables, too. */
const NFTABLES: Command = ['nftables', 'nft', ['list', 'ruleset'], parseNftables];
const NAT = ['-t', 'nat'];
const IPTABLES: readonly Command[] = [
  ['iptables', 'iptables-save', NAT, parseIptables],
  ['iptables', 'ip6tables-save', NAT, parseIptables],
];
/** What the kernel had before nftables. The file names the tables that it has of it. */
const LEGACY: readonly (readonly [file: string, command: Command])[] = [
  ['/proc/net/ip_tables_names', ['iptables', 'iptables-legacy-save', NAT, parseIptables]],
  ['/proc/net/ip6_tables_names', ['iptables', 'ip6tables-legacy-save', NAT, parseIptables]],
];

const CAP_NET_ADMIN = 12n;

/** One entry for each command that has answered. Only a network administrator is told. */
function readRules(): Rules[] {
  const [, rights] = /^CapEff:\s*([0-9a-f]+)$/m.exec(readText('/proc/self/status') ?? '') ?? [];
  if (rights === undefined || ((BigInt(`0x${rights}`) >> CAP_NET_ADMIN) & 1n) === 0n) return [];
  const nftables = ask(NFTABLES);
  const legacy = LEGACY.filter(([file]) => readText(file)?.split('\n').includes('nat') === true);
  const others = nftables.length > 0 ? legacy.map(([, command]) => command) : IPTABLES;
  return [...nftables, ...others.flatMap(ask)];
}

/** Nothing if there is no such command, or it fails. */
function ask([by, program, args, parse]: Command): Rules[] {
  const text = run(program, args);
  return text === undefined ? [] : [{ by, rules: parse(text) }];
}

/** So long an answer is waited for. Where there are very many rules it is not known what they do. */
const TIMEOUT_MS = 1000;

/** @returns undefined if there is no such command, or it fails */
function run(program: string, args: readonly string[]): string | undefined {
  const environment = copyEnvironment();
  // They lie where the PATH of ordinary users, which sudo may keep, does not reach.
  const { status, stdout } = process.getBuiltinModule('node:child_process').spawnSync(program, args, {
    env: { ...environment, PATH: `${environment['PATH'] ?? ''}:/usr/sbin:/sbin` },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: TIMEOUT_MS,
  });
  return status === 0 ? stdout : undefined;
}

function onPorts({ by, rules }: Rules, ports: ReadonlySet<number>): Redirection[] {
  return rules.flatMap(({ ports: range, target, isOfContainers }) =>
    [...ports]
      .filter((port) => includesPort([range], port))
      .map((port) => ({ port, isOfContainers, by, processId: undefined, target })),
  );
}
