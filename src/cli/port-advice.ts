/** What to do about a port, in plain sentences, the most important first. */
import { formatPortRange, type PortRange } from '../core/port-range.ts';
import type { PortHolderReport, PortReport, SocketReport } from '../report/port/port-report.ts';
import { enumerate, nameProcess, processesOf, type WithProcesses } from './process-text.ts';

export function adviseOn(report: PortReport, ephemeralRange: PortRange | undefined): string[] {
  const { holder, listeners = [], bound = [], redirections } = report;
  const advice = [
    ...adviseOnStrangers(report),
    ...adviseOnHolder(report),
    ...(holder === undefined && redirections.length === 0 ? adviseOnListeners(listeners) : []),
    ...adviseOnRedirections(report),
    ...(bound.length === 0
      ? []
      : [`${namesOf(bound)} may be about to listen: wait for it, stop it, or take another port.`]),
    ...adviseOnConnections(report),
    ...(report.isTakenUnseen ? ['Take another port, or look again as root or administrator.'] : []),
    ...(report.isTaken ? [] : adviseOnPlace(report, ephemeralRange)),
  ];
  return [...new Set(advice)];
}

/** Who listens on a port of somebody else. */
function adviseOnStrangers({ holder, listeners = [] }: PortReport): string[] {
  const strangers = listeners.filter(({ isOfHolder }) => isOfHolder === false);
  if (holder === undefined || holder.claim?.state === 'sealed' || strangers.length === 0) return [];
  return [
    `${namesOf(strangers)} was not started by ${nameProcess(holder.process)}: if it is no server of the test, stop it.`,
  ];
}

function adviseOnHolder({ port, holder, listeners = [] }: PortReport): string[] {
  if (holder === undefined) return [];
  const { process: holding, claim } = holder;
  if (holding.processId === undefined)
    return [
      'Its test gives it back when it ends. Take another port meanwhile, or look as root, or in its container, to see which one it is.',
    ];
  if (claim?.state !== 'sealed')
    return [
      `It is given back when ${endOf(holder)}. To have it at once, stop ${nameProcess(holding)}; for another server, take another port.`,
    ];
  return listeners.length > 0
    ? [
        `The test has ended, but ${namesOf(listeners)} still ${listeners.length > 1 ? 'listen: stop them, and let the test stop them' : 'listens: stop it, and let the test stop it'} the next time.`,
      ]
    : [
        `The test has failed, or has left a server behind, so that port ${port} stays out of use until ${nameProcess(holding)} ends, or no other port is free.`,
      ];
}

/** Of a script, of `portslice run`, and of a run itself there is no test. */
function endOf({ process: holding, claim }: PortHolderReport): string {
  const isOfTest = claim === undefined || claim.slice > 0 || claim.runProcess.processId !== holding.processId;
  return isOfTest ? 'its test ends' : `${nameProcess(holding)} ends, if not before`;
}

function adviseOnListeners(listeners: readonly SocketReport[]): string[] {
  if (listeners.length === 0) return [];
  return areSeen(listeners)
    ? [`Stop ${namesOf(listeners)}, or take another port.`]
    : [`Take another port, or look as root or administrator to see which process it is.`];
}

function adviseOnRedirections({ port, redirections }: PortReport): string[] {
  if (redirections.length === 0) return [];
  return redirections.some(({ isOfContainers }) => isOfContainers)
    ? [
        `Stop the container that publishes the port (docker ps --filter publish=${port} names it), or take another port: a server here would not be reached.`,
      ]
    : ['Take another port, or delete the rule: a server here would not be reached.'];
}

function adviseOnConnections({ connections = [], isTaken, place }: PortReport): string[] {
  const clients = connections.filter(({ kind }) => kind === 'client');
  const isLingering = !isTaken && connections.some(({ kind }) => kind !== 'client');
  return [
    ...(clients.length === 0
      ? []
      : [
          `Nobody can listen on it until the connection of ${namesOf(clients)} ends${place.isEphemeral ? ', and any program can get it the next time: take a port outside of the ephemeral range' : ': take another port'}.`,
        ]),
    ...(isLingering
      ? [
          'A server that sets SO_REUSEADDR, as Node and most others do, can listen now; others in 60 s at most.',
        ]
      : []),
  ];
}

/** Why a port that is free should not be taken all the same. */
function adviseOnPlace({ place }: PortReport, ephemeralRange: PortRange | undefined): string[] {
  const range = ephemeralRange === undefined ? '' : ` (${formatPortRange(ephemeralRange)})`;
  const reasons: readonly (readonly [boolean, string])[] = [
    [place.isRefusedByBrowsers, 'Take another port for what browsers or fetch are to reach.'],
    [place.isExcludedBySystem, 'Take another port: the operating system lets nobody bind it.'],
    [
      place.isEphemeral,
      `Take a port outside of the ephemeral range${range}: a client can get this one at any moment.`,
    ],
    [place.isPrivileged, 'To listen there, a process must be root or have the privilege.'],
  ];
  return reasons.flatMap(([holds, sentence]) => (holds ? [sentence] : []));
}

function areSeen(sockets: readonly WithProcesses[]): boolean {
  return processesOf(sockets).some(({ processId }) => processId !== undefined);
}

function namesOf(sockets: readonly WithProcesses[]): string {
  return enumerate(processesOf(sockets).map(nameProcess));
}
