/**
 * Ports in an order. They are kept as ranges, because the pool of a machine is some tens of ranges with thousands of
 * ports: nothing that happens before a process has its first port takes time for each of them.
 */
import { countPorts, type PortRange } from './port-range.ts';

export class PortList implements Iterable<number> {
  readonly ranges: readonly PortRange[];
  readonly length: number;
  /** Index in the list of each range's first port. */
  readonly #firstIndexes: Uint32Array;

  constructor(ranges: readonly PortRange[]) {
    this.ranges = ranges;
    this.length = countPorts(ranges);
    this.#firstIndexes = new Uint32Array(ranges.length);
    let firstIndex = 0;
    for (const [place, { firstPort, lastPort }] of ranges.entries()) {
      this.#firstIndexes[place] = firstIndex;
      firstIndex += lastPort - firstPort + 1;
    }
  }

  /** The port at that index, which must be in the list. */
  at(index: number): number {
    const place = this.#placeOf(index);
    return (this.ranges[place] as PortRange).firstPort + index - (this.#firstIndexes[place] as number);
  }

  /** Undefined if the port is not in the list. */
  indexOf(port: number): number | undefined {
    const place = this.ranges.findIndex(({ firstPort, lastPort }) => firstPort <= port && port <= lastPort);
    if (place === -1) return undefined;
    return (this.#firstIndexes[place] as number) + port - (this.ranges[place] as PortRange).firstPort;
  }

  /** The ports from one index to before another. */
  slice(start: number, end: number): PortList {
    if (start >= end) return new PortList([]);
    const [from, to] = [this.#placeOf(start), this.#placeOf(end - 1)];
    return new PortList(
      this.ranges.slice(from, to + 1).map((range, step) => ({
        firstPort: step === 0 ? this.at(start) : range.firstPort,
        lastPort: from + step === to ? this.at(end - 1) : range.lastPort,
      })),
    );
  }

  followedBy(other: PortList): PortList {
    return new PortList([...this.ranges, ...other.ranges]);
  }

  *[Symbol.iterator](): Generator<number> {
    for (const { firstPort, lastPort } of this.ranges) {
      for (let port = firstPort; port <= lastPort; port++) yield port;
    }
  }

  /** The last range that begins at the index or before it. */
  #placeOf(index: number): number {
    let [low, high] = [0, this.ranges.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#firstIndexes[middle] as number) <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
