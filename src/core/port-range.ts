/** Ranges of TCP port numbers: the one representation that specs, ephemeral ranges and OS exclusions share. */

/** Both ends are part of the range. `1 <= firstPort <= lastPort <= 65535`. */
export interface PortRange {
  readonly firstPort: number;
  readonly lastPort: number;
}

/** Port 0 is no port: to bind it means "pick one for me". */
export const LOWEST_PORT = 1;
export const HIGHEST_PORT = 65_535;

export function isInPortRange(port: number, range: PortRange): boolean {
  return port >= range.firstPort && port <= range.lastPort;
}

/** Whether the text is ASCII digits only, so that Number() finds no hexadecimal, sign or fraction in it. */
export function isDecimal(text: string | undefined): text is string {
  return text !== undefined && /^\d+$/.test(text);
}

/** Whether the numbers are the ends of a range of ports: integers, both within 1-65535, in ascending order. */
export function isPortRange(firstPort: number, lastPort: number): boolean {
  const areIntegers = Number.isInteger(firstPort) && Number.isInteger(lastPort);
  return areIntegers && LOWEST_PORT <= firstPort && firstPort <= lastPort && lastPort <= HIGHEST_PORT;
}

/**
 * All ports of the ranges, ascending and unique. The ranges may overlap and come in any order.
 * The work is bounded by the number of ranges plus 65,535, however often a port is named.
 */
export function portsInRanges(ranges: Iterable<PortRange>): number[] {
  const ascending = [...ranges].toSorted((left, right) => left.firstPort - right.firstPort);
  const ports: number[] = [];
  let nextPort = 0;
  for (const { firstPort, lastPort } of ascending) {
    for (let port = Math.max(firstPort, nextPort); port <= lastPort; port++) ports.push(port);
    nextPort = Math.max(nextPort, lastPort + 1);
  }
  return ports;
}

/** The range as a spec writes it: `2000-2020`, or `6001` for a single port. */
export function formatPortRange({ firstPort, lastPort }: PortRange): string {
  return firstPort === lastPort ? `${firstPort}` : `${firstPort}-${lastPort}`;
}
