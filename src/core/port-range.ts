/** Ranges of TCP port numbers: the one representation that specs, ephemeral ranges and OS exclusions share. */

/** Both ends are part of the range. `1 <= firstPort <= lastPort <= 65535`. */
export interface PortRange {
  readonly firstPort: number;
  readonly lastPort: number;
}

/** Port 0 is no port: to bind it means "pick one for me". */
export const LOWEST_PORT = 1;
export const HIGHEST_PORT = 65_535;

/** Whether the text is ASCII digits only, so that Number() finds no hexadecimal, sign or fraction in it. */
export function isDecimal(text: string | undefined): text is string {
  return text !== undefined && /^\d+$/.test(text);
}

/** Whether the numbers are the ends of a range of ports: integers, both within 1-65535, in ascending order. */
export function isPortRange(firstPort: number, lastPort: number): boolean {
  const areIntegers = Number.isInteger(firstPort) && Number.isInteger(lastPort);
  return areIntegers && LOWEST_PORT <= firstPort && firstPort <= lastPort && lastPort <= HIGHEST_PORT;
}

/** The same ports in ascending ranges with a gap after each. The given ones may overlap and come in any order. */
export function joinRanges(ranges: Iterable<PortRange>): PortRange[] {
  const ascending = [...ranges].toSorted((left, right) => left.firstPort - right.firstPort);
  const joined: PortRange[] = [];
  for (const range of ascending) {
    const { firstPort, lastPort } = joined.at(-1) ?? { firstPort: -1, lastPort: -1 };
    if (range.firstPort > lastPort + 1) joined.push(range);
    else joined[joined.length - 1] = { firstPort, lastPort: Math.max(lastPort, range.lastPort) };
  }
  return joined;
}

/** The ranges without the ports of others; both as `joinRanges` returns them. */
export function subtractRanges(ranges: readonly PortRange[], removed: readonly PortRange[]): PortRange[] {
  const left: PortRange[] = [];
  let next = 0;
  for (const { firstPort, lastPort } of ranges) {
    let from = firstPort;
    while (next < removed.length && (removed[next] as PortRange).lastPort < from) next++;
    for (let at = next; at < removed.length && (removed[at] as PortRange).firstPort <= lastPort; at++) {
      const gap = removed[at] as PortRange;
      if (gap.firstPort > from) left.push({ firstPort: from, lastPort: gap.firstPort - 1 });
      from = Math.max(from, gap.lastPort + 1);
    }
    if (from <= lastPort) left.push({ firstPort: from, lastPort });
  }
  return left;
}

/** Each of the ports under the first reason that has it; reasons that are left with none are left out. @param ranges as `joinRanges` returns them */
export function splitByReason<Reason extends { readonly ranges: readonly PortRange[] }>(
  ranges: readonly PortRange[],
  reasons: readonly Reason[],
): Reason[] {
  let left = ranges;
  return reasons.flatMap((reason) => {
    const others = subtractRanges(left, joinRanges(reason.ranges));
    const found = subtractRanges(left, others);
    left = others;
    return found.length === 0 ? [] : [{ ...reason, ranges: found }];
  });
}

export function includesPort(ranges: readonly PortRange[], port: number): boolean {
  return ranges.some(({ firstPort, lastPort }) => firstPort <= port && port <= lastPort);
}

export function countPorts(ranges: readonly PortRange[]): number {
  return ranges.reduce((count, { firstPort, lastPort }) => count + lastPort - firstPort + 1, 0);
}

/** One range for each port. */
export function rangesOfPorts(ports: Iterable<number>): PortRange[] {
  return Array.from(ports, (port) => ({ firstPort: port, lastPort: port }));
}

/** The range as a spec writes it: `2000-2020`, or `6001` for a single port. */
export function formatPortRange({ firstPort, lastPort }: PortRange): string {
  return firstPort === lastPort ? `${firstPort}` : `${firstPort}-${lastPort}`;
}
