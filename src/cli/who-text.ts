/** What is known of ports, for people: a heading for each, facts, and what to do. */
import { bracketed } from '../core/address-text.ts';
import { formatPortRange, joinRanges, type PortRange, rangesOfPorts } from '../core/port-range.ts';
import { harmless } from '../errors/index.ts';
import type {
  ConnectionsReport,
  PortHolderReport,
  PortReport,
  RedirectionReport,
  SocketReport,
  WhoReport,
} from '../report/port/port-report.ts';
import { formatAge } from './age-text.ts';
import { styled } from './output.ts';
import { describePlace } from './place-text.ts';
import { adviseOn } from './port-advice.ts';
import { describeProcess, enumerate, processesOf, type WithProcesses } from './process-text.ts';
import { wrapAfter } from './text-width.ts';

/** Lines without line breaks, as wide as that at most; undefined: no terminal reads them. Ports that are alike and of which there is little to say have one entry together. */
export function formatWho(
  { ports, ephemeralRange }: WhoReport,
  nowMs: number,
  width: number | undefined,
): string[] {
  const entries = new Map<string, { readonly lines: readonly string[]; readonly ports: number[] }>();
  for (const report of ports) {
    const lines = factsOf(report, ephemeralRange, nowMs).flatMap((fact) => formatFact(fact, width));
    const key = report.isTaken ? String(report.port) : lines.join('\n');
    const entry = entries.get(key) ?? { lines: [headingOf(report), ...lines], ports: [] };
    entry.ports.push(report.port);
    entries.set(key, entry);
  }
  return [...entries.values()].flatMap(({ lines: [heading = '', ...lines], ports: same }, at) => [
    ...(at === 0 ? [] : ['']),
    ...breakHeading(`${styled('bold', namePorts(same))} ${heading}`, width),
    ...lines,
  ]);
}

function namePorts(ports: readonly number[]): string {
  const ranges = joinRanges(rangesOfPorts(ports)).map(formatPortRange);
  return ports.length === 1 ? `Port ${ports[0]} is` : `Ports ${ranges.join(', ')} are`;
}

function headingOf(report: PortReport): string {
  if (report.isTaken) return `${styled('red', 'taken')}: ${describeTaking(report)}.`;
  const isUsedForUDP = (report.udp ?? []).length > 0;
  return `${styled('green', 'free')}${isUsedForUDP ? ' for TCP' : ''}.`;
}

function describeTaking(report: PortReport): string {
  const { holder, listeners = [], bound = [], connections = [], redirections } = report;
  const clients = connections.filter(({ kind }) => kind === 'client');
  if (holder !== undefined) return describeHolding(holder);
  if (listeners.length > 0) return sentenceOn(listeners, 'listens on it', 'listen on it');
  if (redirections.length > 0) return 'connections to it are led elsewhere';
  if (bound.length > 0)
    return sentenceOn(bound, 'has bound it, and does not listen', 'have bound it, and do not listen');
  if (clients.length > 0)
    return sentenceOn(clients, 'is connected from it, as a client', 'are connected from it, as clients');
  return 'it cannot be bound, and this system does not show why';
}

function describeHolding({ process: holding, claim }: PortHolderReport): string {
  const owner =
    claim === undefined || claim.label === '' ? describeProcess(holding) : quoted(harmless(claim.label));
  return claim?.state === 'sealed' ? `it is sealed after ${owner}` : `${owner} has it`;
}

/** The label of a run port has quotes of its own, as many a title has. */
function quoted(text: string): string {
  const mark = text.includes("'") ? '"' : "'";
  return mark + text + mark;
}

function breakHeading(text: string, width: number | undefined): string[] {
  const [first = '', ...rest] = wrapAfter('', text, width === undefined ? undefined : width - 2);
  return [first, ...rest.map((line) => `  ${line}`)];
}

/** The name is '' where the fact before has the same. */
type Fact = readonly [name: string, text: string];
const NAME_WIDTH = 12;

function factsOf(report: PortReport, ephemeralRange: PortRange | undefined, nowMs: number): Fact[] {
  const { port, holder, listeners = [], bound = [], connections = [], udp = [], redirections } = report;
  const facts: readonly Fact[] = [
    ...(holder === undefined ? [] : holderFacts(holder, nowMs)),
    ...bySameProcesses(listeners, port).map((text): Fact => ['listens', text]),
    ...redirections.map((each): Fact => ['led away', describeRedirection(each)]),
    ...bySameProcesses(bound, port).map((text): Fact => ['bound', text]),
    ...connections.map((each): Fact => [CONNECTION_NAMES[each.kind], describeConnections(each)]),
    ...bySameProcesses(udp, port).map((text): Fact => ['UDP', text]),
    ['server port', describePlace(report.place, ephemeralRange)],
    ...unknownFacts(report),
    ...adviseOn(report, ephemeralRange).map((text): Fact => ['what to do', text]),
  ];
  return facts.map(([name, text], at) => [name === facts[at - 1]?.[0] ? '' : name, text]);
}

function formatFact([name, text]: Fact, width: number | undefined): string[] {
  return wrapAfter(`  ${styled('dim', name.padEnd(NAME_WIDTH))} `, text, width);
}

function holderFacts({ process: holding, claim }: PortHolderReport, nowMs: number): Fact[] {
  if (claim === undefined) return [['held by', `${describeProcess(holding)}, through portslice`]];
  const { slice, runProcess, claimedAtMs } = claim;
  const heldBy: Fact = ['held by', `${describeProcess(holding)}, for ${formatAge(nowMs - claimedAtMs)}`];
  // A script has a pool of its own.
  if (slice === 0 && runProcess.processId === holding.processId) return [heldBy];
  const place = slice === 0 ? 'of none of its workers' : `worker ${slice}`;
  return [heldBy, ['run', `${describeProcess(runProcess)}, ${place}`]];
}

/** One text for all sockets that the same processes have: 'pid 42 (node server.js) in /shop, on 127.0.0.1:20123 and [::1]:20123'. */
function bySameProcesses(sockets: readonly SocketReport[], port: number): string[] {
  const owners = sockets.map(describeOwners);
  return [...new Set(owners)].map((owner) => {
    const own = sockets.filter((_, at) => owners[at] === owner);
    return `${owner}, on ${enumerate(own.map(({ address }) => withPort(address, port)))}`;
  });
}

/** @param ofOne what one process does. @param ofSeveral what several do */
function sentenceOn(sockets: readonly WithProcesses[], ofOne: string, ofSeveral: string): string {
  const owners = new Set(processesOf(sockets).map(describeProcess));
  return `${enumerate([...owners])} ${owners.size === 1 ? ofOne : ofSeveral}`;
}

function describeOwners({ processes }: WithProcesses): string {
  return enumerate(processes.map(describeProcess));
}

function withPort(address: string, port: number): string {
  return `${bracketed(showIPv4(address))}:${port}`;
}

/** A server on `::` has clients of IPv4 with such addresses, ::ffff:7f00:1 for ::ffff:127.0.0.1. */
function showIPv4(address: string): string {
  const words = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(address)?.slice(1);
  if (words === undefined) return address;
  const bytes = words.map((word) => Number.parseInt(word, 16)).flatMap((word) => [word >> 8, word & 0xff]);
  return `::ffff:${bytes.join('.')}`;
}

const CONNECTION_NAMES: Readonly<Record<ConnectionsReport['kind'], string>> = {
  server: 'connections',
  client: 'client',
  lingering: 'lingers',
};

function describeConnections(connections: ConnectionsReport): string {
  const { kind, state, count, peers } = connections;
  const shown = peers.map(({ address, port }) => withPort(address, port));
  const others = count - shown.length;
  const ends = enumerate([...shown, ...(others > 0 ? [`${others} more`] : [])]);
  const what = count === 1 ? 'a connection' : `${count} connections`;
  const name = state === 'time-wait' ? 'TIME_WAIT' : state;
  if (kind === 'lingering') return `${what} that its process has closed (${name}), with ${ends}`;
  return `${describeOwners(connections)}, ${what} ${kind === 'client' ? 'to' : 'with'} ${ends} (${name})`;
}

function describeRedirection({ by, target, process: helper }: RedirectionReport): string {
  const how = helper === undefined ? `a rule of ${by}` : `${by}, ${describeProcess(helper)}`;
  return `${target === undefined ? 'elsewhere' : `to ${harmless(target)}`} by ${how}`;
}

function unknownFacts(report: PortReport): Fact[] {
  const unknown = [
    ...(report.listeners === undefined ? ['who listens'] : []),
    ...(report.bound === undefined ? ['who has bound it without listening'] : []),
    ...(report.udp === undefined ? ['who has it for UDP'] : []),
    ...(report.seesRedirectionRules ? [] : ['whether a packet filter redirects it']),
  ];
  return unknown.length === 0 ? [] : [['not known', enumerate(unknown)]];
}
