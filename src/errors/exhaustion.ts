/** The error of a pool in which not enough ports are free. */
import { PortsliceError } from './base.ts';
import { POINT_TO_STATUS } from './command-hint.ts';
import { describeProcess, type ProcessDescription } from './describe-process.ts';
import { harmless } from './harmless.ts';

/** Who holds a port, as far as the pool knows. */
export interface PortHolder {
  readonly port: number;
  readonly label: string;
  readonly processId: number;
  readonly ageMs: number;
  readonly sealed: boolean;
}

/** Who of another run, or what other program, has a port, as far as the system tells. */
export interface ForeignPortHolder extends ProcessDescription {
  readonly port: number;
}

/** A port that the kernel keeps from a strict bind though nobody listens on it. */
export interface LeftPort {
  readonly port: number;
  /** Whether all that is on it are connections in TIME_WAIT. */
  readonly isInTimeWait: boolean;
}

export interface ExhaustionFacts {
  /** The number of ports that were asked for together. */
  readonly wantedPortCount: number;
  /** Of ports that belong together, from the lowest one on. */
  readonly wantedOffsets?: readonly number[] | undefined;
  readonly poolPortCount: number;
  readonly holders: readonly PortHolder[];
  readonly sealedPortCount: number;
  /** The number of ports whose lock another run has. */
  readonly lockedByOtherRuns: number;
  /** Who has those locks. */
  readonly foreignHolders: readonly ForeignPortHolder[];
  readonly listenedOnByStrangers: number;
  /** Who listens on the first few of those. */
  readonly strangers: readonly ForeignPortHolder[];
  /**
   * The number of ports that the kernel keeps from a strict bind though nothing listens on them: connections that
   * earlier servers have left behind (TIME_WAIT), or a socket that another program has bound.
   */
  readonly strictlyRefused: number;
  /** The first few of those. */
  readonly leftPorts: readonly LeftPort[];
  /** The number of ports that are passed by because somebody has them for UDP, which was asked for too. */
  readonly takenForUDP: number;
  readonly waitedMs: number;
}

/** Not enough ports are free in the whole pool. Lists who holds which. */
export class PortPoolExhaustedError extends PortsliceError {
  static override readonly name: string = 'PortPoolExhaustedError';
  static override readonly code = 'PORTSLICE_POOL_EXHAUSTED';
  readonly code: typeof PortPoolExhaustedError.code = PortPoolExhaustedError.code;
  readonly facts: ExhaustionFacts;

  constructor(facts: ExhaustionFacts) {
    super(describeExhaustion(facts));
    this.facts = facts;
  }
}

const SHOWN_HOLDER_COUNT = 50;

function describeExhaustion(facts: ExhaustionFacts): string {
  const wanted = describeWanted(facts);
  const waited = facts.waitedMs > 0 ? ` after ${Math.round(facts.waitedMs)} ms` : '';
  return [
    `${wanted} free in the pool of ${facts.poolPortCount}${waited}: ${describeCounts(facts)}.`,
    ...describeSome(facts.holders.map(describeHolder)),
    ...describeSome(facts.foreignHolders.map(describeForeignHolder)),
    ...describeSome(facts.strangers.map(describeStranger), facts.listenedOnByStrangers),
    ...describeSome(facts.leftPorts.map(describeLeftPort), facts.strictlyRefused),
    (facts.listenedOnByStrangers > 0 ? 'Stop the processes that listen on ports of the pool. ' : '') +
      'Release ports sooner, run fewer workers, give the pool more ports (PORTSLICE_PORTS), or raise acquireTimeoutMs. ' +
      POINT_TO_STATUS,
  ].join('\n');
}

function describeWanted({ wantedPortCount, wantedOffsets = [] }: ExhaustionFacts): string {
  if (wantedPortCount === 1) return 'No port is';
  if (wantedOffsets.length === 0) return `Fewer than ${wantedPortCount} ports are`;
  return wantedOffsets.every((offset, place) => offset === place)
    ? `No ${wantedPortCount} consecutive ports are`
    : `No ${wantedPortCount} ports at the offsets ${wantedOffsets.join(', ')} are`;
}

function describeCounts(facts: ExhaustionFacts): string {
  return [
    `${facts.holders.length - facts.sealedPortCount} held in this run`,
    `${facts.sealedPortCount} sealed`,
    `${facts.lockedByOtherRuns} locked by other runs`,
    `${facts.listenedOnByStrangers} listened on by strangers`,
    `${facts.strictlyRefused} with leftovers of earlier servers or other programs' sockets`,
    ...(facts.takenForUDP > 0 ? [`${facts.takenForUDP} taken for UDP`] : []),
  ].join(', ');
}

/** @param count of all, where only some are known */
function describeSome(lines: readonly string[], count: number = lines.length): string[] {
  const shown = lines.slice(0, SHOWN_HOLDER_COUNT);
  const hiddenCount = count - shown.length;
  return [...shown, ...(hiddenCount > 0 ? [`  and ${hiddenCount} more`] : [])];
}

function describeHolder(holder: PortHolder): string {
  const label = holder.label === '' ? 'no label' : `'${harmless(holder.label)}'`;
  const verb = holder.sealed ? 'sealed by' : 'held by';
  return `  ${holder.port} ${verb} pid ${holder.processId} for ${(holder.ageMs / 1000).toFixed(1)} s: ${label}`;
}

function describeForeignHolder(holder: ForeignPortHolder): string {
  const label = holder.label === undefined || holder.label === '' ? '' : `: '${harmless(holder.label)}'`;
  return `  ${holder.port} locked by ${describeProcess(holder)}${label}`;
}

function describeStranger(stranger: ForeignPortHolder): string {
  const isThis = stranger.processId === process.pid;
  return `  ${stranger.port} listened on by ${isThis ? 'this process itself, ' : ''}${describeProcess(stranger)}`;
}

function describeLeftPort({ port, isInTimeWait }: LeftPort): string {
  const reason = isInTimeWait
    ? 'an earlier server has left connections (TIME_WAIT), for up to 60 s'
    : 'a connection or a program that does not listen has it';
  return `  ${port} cannot be bound, though nobody listens on it: ${reason}`;
}
