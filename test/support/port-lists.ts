/** Ports as tests write them, a plain list, in the forms in which the core has them. */
import { PortList } from '../../src/core/port-list.ts';
import { joinRanges, type PortRange, rangesOfPorts } from '../../src/core/port-range.ts';

/** Ascending, in as few ranges as possible. */
export function rangesOf(ports: Iterable<number>): PortRange[] {
  return joinRanges(rangesOfPorts(ports));
}

export function listOf(ports: Iterable<number>): PortList {
  return new PortList(rangesOf(ports));
}

export function portsIn(ranges: readonly PortRange[]): number[] {
  return [...new PortList(ranges)];
}
