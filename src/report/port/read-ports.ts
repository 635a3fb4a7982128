/** Reads what is known of ports: the locks and pools of portslice, the sockets of the operating system, and what redirects connections. */
import { groupBy } from '../../core/group-by.ts';
import { PortsliceError } from '../../errors/index.ts';
import { type LockedPort, machineLookup, type MachineReading } from '../../platform/machine-lookup.ts';
import { platform } from '../../platform/platform.ts';
import {
  portInspector,
  type PortSockets,
  type Redirection,
  type Redirections,
} from '../../platform/port-inspector.ts';
import type { Process } from '../../platform/port-kernel.ts';
import { portIsInUse } from '../../pool/api/port-in-use.ts';
import { readServerPorts, type ServerPortsReading } from '../../pool/session/server-ports.ts';
import { KnownProcesses } from '../status/known-processes.ts';
import { findForwarders } from './container-forwarders.ts';
import { describeSockets, type SocketsReport } from './describe-sockets.ts';
import { findClaims } from './find-claims.ts';
import {
  type ClaimReport,
  type PortHolderReport,
  type PortReport,
  type RedirectionReport,
  WHO_VERSION,
  type WhoReport,
} from './port-report.ts';
import { placeOf } from './read-place.ts';
import { ephemeralRangeOf } from './server-ports-report.ts';

interface Readings {
  readonly serverPorts: ServerPortsReading;
  readonly holders: ReadonlyMap<number, Process>;
  readonly claims: ReadonlyMap<number, ClaimReport>;
  readonly ofPort: (port: number) => PortSockets;
  readonly redirections: Redirections;
  /** Where anybody listens, on any port. */
  readonly listeningPorts: ReadonlySet<number>;
  readonly processes: KnownProcesses;
}

/** @throws PortSpecError, EphemeralRangeError */
export function readPorts(ports: Iterable<number>): WhoReport {
  const wanted = new Set(ports);
  const processes = new KnownProcesses();
  const machine = readMachine();
  const locks = findLocks(machine, wanted);
  const readings: Readings = {
    serverPorts: readServerPorts(),
    holders: new Map(locks.map(({ port, holder }) => [port, holder])),
    claims: findClaims(machine?.memories ?? [], locks, processes),
    ofPort: byPort(portInspector.findSockets(wanted)),
    redirections: portInspector.findRedirections(wanted),
    listeningPorts: platform.findListeningPorts() ?? new Set(),
    processes,
  };
  return {
    version: WHO_VERSION,
    ephemeralRange: ephemeralRangeOf(readings.serverPorts),
    ports: [...wanted].map((port) => readPort(port, readings)),
  };
}

function readMachine(): MachineReading | undefined {
  try {
    return machineLookup.readMachine();
  } catch (error) {
    // Without the foreign function interface no pool can be read.
    if (error instanceof PortsliceError) return undefined;
    throw error;
  }
}

/** Of a process that is hidden the machine's own tables tell the user, which the locks of a few ports alone do not. */
function findLocks(machine: MachineReading | undefined, ports: ReadonlySet<number>): readonly LockedPort[] {
  if (machine?.showsAllLocks === true) return machine.locks.filter(({ port }) => ports.has(port));
  const holders = platform.findLockHolders([...ports]);
  return [...holders].map(([port, holder]) => ({ port, holder, lockId: undefined }));
}

function readPort(port: number, readings: Readings): PortReport {
  const { serverPorts, ofPort, redirections, processes, listeningPorts } = readings;
  const holder = holderOf(port, readings);
  const place = placeOf(port, serverPorts);
  const { isEphemeral } = place;
  const described = describeSockets(ofPort(port), { holder, isEphemeral, listeningPorts, processes });
  const redirected = [
    ...redirections.found
      .filter((each) => each.port === port)
      .map((each) => describeRedirection(each, processes)),
    ...findForwarders(described.listeners ?? []),
  ];
  const isSeen = holder !== undefined || redirected.length > 0 || isTakenBy(described);
  const isTakenUnseen = !isSeen && !seesAll(described) && isInUse(port);
  return {
    port,
    isTaken: isSeen || isTakenUnseen,
    place,
    holder,
    ...described,
    redirections: redirected,
    seesRedirectionRules: redirections.seesRules,
    isTakenUnseen,
  };
}

function describeRedirection(
  { isOfContainers, by, target, processId }: Redirection,
  processes: KnownProcesses,
): RedirectionReport {
  const process = processId === undefined ? undefined : processes.describe({ processId });
  return { isOfContainers, by, target, process };
}

function byPort({ tcp, tellsBound, udp }: PortSockets): Readings['ofPort'] {
  const tcpOf = tcp && groupBy(tcp, ({ port }) => port);
  const udpOf = udp && groupBy(udp, ({ port }) => port);
  return (port) => ({
    tcp: tcpOf && (tcpOf.get(port) ?? []),
    tellsBound,
    udp: udpOf && (udpOf.get(port) ?? []),
  });
}

function holderOf(port: number, { holders, claims, processes }: Readings): PortHolderReport | undefined {
  const holder = holders.get(port);
  return holder && { process: processes.describe(holder), claim: claims.get(port) };
}

function isTakenBy({ listeners = [], bound = [], connections = [] }: SocketsReport): boolean {
  return listeners.length + bound.length > 0 || connections.some(({ kind }) => kind === 'client');
}

/** A connection of a server that listens no more keeps some servers away, and others not: that depends on its options. */
function seesAll({ bound, connections }: SocketsReport): boolean {
  return bound !== undefined && connections?.some(({ kind }) => kind === 'server') === false;
}

/** Asks the kernel itself, which has the port for a moment then. */
function isInUse(port: number): boolean {
  try {
    return portIsInUse(port);
  } catch (error) {
    // Below 1024 without the privilege, say. Then nothing is known against it.
    if (error instanceof PortsliceError) return false;
    throw error;
  }
}
