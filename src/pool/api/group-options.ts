/** The options of ports that belong together by their numbers, checked before anything is done. */
import { findGroupStarts } from '../../core/port-groups.ts';
import {
  HIGHEST_PORT,
  includesPort,
  joinRanges,
  LOWEST_PORT,
  rangesOfPorts,
  subtractRanges,
} from '../../core/port-range.ts';
import type { Segment } from '../../core/segment.ts';
import { InvalidOptionError } from '../../errors/index.ts';
import type { GroupRequest } from '../claim/look.ts';
import type { PoolSession } from '../session/pool-session.ts';
import { exactIndexOf } from './exact-port.ts';

export interface GroupOptions {
  /** Whether the ports come in a row, ascending. Default: false. `port` and `preferredPorts` name the first one. */
  consecutive?: boolean | undefined;
  /**
   * The distances of the ports from one base port, as many as `count`, all different: [0, 10000] is a port and the one 10,000
   * above it. The owners come in the same order. `port` and `preferredPorts` name the base port.
   */
  offsets?: readonly number[] | undefined;
}

export const GROUP_OPTION_NAMES: readonly string[] = ['consecutive', 'offsets'];
const FARTHEST = HIGHEST_PORT - LOWEST_PORT;

/**
 * The distances from the base port, in the order of the owners; undefined: any ports do.
 * @throws InvalidOptionError that names the option
 */
export function checkGroup(count: number, { consecutive, offsets }: GroupOptions): number[] | undefined {
  if (consecutive !== undefined && typeof consecutive !== 'boolean')
    throw new InvalidOptionError({ option: 'consecutive', value: consecutive, expected: 'true or false' });
  if (offsets === undefined)
    return consecutive === true ? Array.from({ length: count }, (_, place) => place) : undefined;
  if (consecutive === true) {
    throw new InvalidOptionError({
      option: 'consecutive',
      value: consecutive,
      expected: 'either consecutive or offsets',
      problem: 'is given beside offsets',
    });
  }
  checkOffsets(count, offsets);
  return [...offsets];
}

/** One exact port says nothing about others. @throws InvalidOptionError */
export function checkOnePort(count: number, port: number): void {
  if (count === 1) return;
  throw new InvalidOptionError({
    option: 'port',
    value: port,
    problem: `is one port, ${port}, where ${count} are asked for`,
    expected: 'consecutive: true or offsets beside it, which say where the others are, or preferredPorts',
  });
}

function checkOffsets(count: number, offsets: unknown): asserts offsets is readonly number[] {
  if (isListOfIntegers(offsets)) {
    const areDifferent = new Set(offsets).size === offsets.length;
    const farthest = Math.max(...offsets) - Math.min(...offsets);
    if (offsets.length === count && areDifferent && farthest <= FARTHEST) return;
  }
  const expected = `a list of ${count} different integers, as many as count, no two more than ${FARTHEST} apart`;
  throw new InvalidOptionError({ option: 'offsets', value: offsets, expected });
}

function isListOfIntegers(offsets: unknown): offsets is readonly number[] {
  return Array.isArray(offsets) && offsets.every(Number.isInteger);
}

/** What of the other options concerns a group. */
export interface GroupPlace {
  readonly port: number | undefined;
  readonly preferredPorts: readonly number[];
  readonly excludedPorts: readonly number[];
}

/** @throws InvalidOptionError if the pool has such ports nowhere; PortTakenError if it has not all of those of `port` */
export function toGroupRequest(
  { segment }: PoolSession,
  offsets: readonly number[],
  { port, preferredPorts, excludedPorts }: GroupPlace,
): GroupRequest {
  if (port !== undefined) checkMembers(segment, port, offsets);
  const ascending = offsets.toSorted((left, right) => left - right);
  const lowest = ascending[0] as number;
  const fromStart = ascending.map((offset) => offset - lowest);
  const ranges = subtractRanges(joinRanges(segment.ports.ranges), joinRanges(rangesOfPorts(excludedPorts)));
  const starts = findGroupStarts(ranges, fromStart);
  if (starts.length === 0) throw nowhere(offsets);
  const isStart = (start: number): boolean => includesPort(starts, start);
  return {
    offsets: fromStart,
    starts,
    exactStart: port === undefined ? undefined : port + lowest,
    preferredStarts: preferredPorts.map((base) => base + lowest).filter(isStart),
  };
}

function checkMembers(segment: Segment, base: number, offsets: readonly number[]): void {
  const ports = offsets.map((offset) => base + offset);
  const impossible = ports.find((port) => port < LOWEST_PORT || port > HIGHEST_PORT);
  if (impossible !== undefined) throw outOfRange(base, impossible);
  for (const port of ports) exactIndexOf(segment, port);
}

function outOfRange(base: number, port: number): InvalidOptionError {
  return new InvalidOptionError({
    option: 'port',
    value: base,
    problem: `is ${base}, and one of the ports that belong to it would be ${port}`,
    expected: `a port from which on all of them lie within ${LOWEST_PORT}-${HIGHEST_PORT}`,
  });
}

function nowhere(offsets: readonly number[]): InvalidOptionError {
  const isRow = offsets.every((offset, place) => offset === place);
  return new InvalidOptionError({
    option: isRow ? 'consecutive' : 'offsets',
    value: isRow ? true : offsets,
    problem: isRow
      ? `asks for ${offsets.length} ports in a row, which the server ports of the run have nowhere`
      : `asks for ports at the offsets ${offsets.join(', ')}, which the server ports of the run have nowhere`,
    expected: 'fewer ports, other distances, more server ports (PORTSLICE_PORTS), or fewer excluded ones',
  });
}
