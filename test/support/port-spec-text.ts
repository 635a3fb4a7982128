/** Ports as the spec that names exactly them, for tests that compare many ports at once. */
import { formatPortRange, type PortRange } from '../../src/core/port-range.ts';

/** `2000-2020,6001`; the ports must be ascending and unique. */
export function formatPortSpec(ports: readonly number[]): string {
  return joinToRanges(ports).map(formatPortRange).join(',');
}

function joinToRanges(ports: readonly number[]): PortRange[] {
  const ranges: { firstPort: number; lastPort: number }[] = [];
  for (const port of ports) {
    const range = ranges.at(-1);
    if (range?.lastPort === port - 1) range.lastPort = port;
    else ranges.push({ firstPort: port, lastPort: port });
  }
  return ranges;
}
