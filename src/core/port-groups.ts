/** Where ports that belong together by their numbers can lie: ports in a row, or a port and the one 10,000 above it. */
import { HIGHEST_PORT, LOWEST_PORT, type PortRange, joinRanges } from './port-range.ts';

/**
 * From which ports on all members of a group are among the ports of the ranges, as ascending ranges.
 * @param ranges in any order
 * @param offsets of the members from that port
 */
export function findGroupStarts(ranges: readonly PortRange[], offsets: Iterable<number>): PortRange[] {
  const ascending = joinRanges(ranges);
  let starts: PortRange[] = [{ firstPort: LOWEST_PORT, lastPort: HIGHEST_PORT }];
  for (const offset of offsets) {
    const shifted = ascending.map(({ firstPort, lastPort }) => ({
      firstPort: firstPort - offset,
      lastPort: lastPort - offset,
    }));
    starts = intersectRanges(starts, shifted);
  }
  return starts;
}

/** What is in both; both ascending, with a gap after each range. */
export function intersectRanges(left: readonly PortRange[], right: readonly PortRange[]): PortRange[] {
  const both: PortRange[] = [];
  let [atLeft, atRight] = [0, 0];
  while (atLeft < left.length && atRight < right.length) {
    const [one, other] = [left[atLeft] as PortRange, right[atRight] as PortRange];
    const firstPort = Math.max(one.firstPort, other.firstPort);
    const lastPort = Math.min(one.lastPort, other.lastPort);
    if (firstPort <= lastPort) both.push({ firstPort, lastPort });
    if (one.lastPort < other.lastPort) atLeft++;
    else atRight++;
  }
  return both;
}
