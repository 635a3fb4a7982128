/** How the pool is ordered and divided into slices. */
import { PortList } from './port-list.ts';
import { HIGHEST_PORT, subtractRanges } from './port-range.ts';

/** Ports below this, where people's own servers live, are handed out last. */
export const FIRST_PREFERRED_PORT = 10_000;
/** With fewer preferred ports than this for each slice, low ports are needed in the slices too. */
const MIN_PREFERRED_PORTS_PER_SLICE = 64;

export interface SliceBounds {
  /** Index of the slice's first port in the pool. */
  readonly firstIndex: number;
  readonly portCount: number;
}

export interface PoolPlan {
  /** The pool in the order of use. */
  readonly ports: PortList;
  /** Slice 0 is the run's own; it lies last, and with it the low ports. */
  readonly slices: readonly SliceBounds[];
}

/**
 * Orders the server ports, which are ascending, and divides them into `sliceCount` contiguous, disjoint slices.
 * @param rotation in [0, 1): where in the preferred ports the pool starts, so that concurrent runs rarely meet
 */
export function planPool(serverPorts: PortList, sliceCount: number, rotation: number): PoolPlan {
  const preferredRange = { firstPort: FIRST_PREFERRED_PORT, lastPort: HIGHEST_PORT };
  const low = new PortList(subtractRanges(serverPorts.ranges, [preferredRange]));
  const preferred = serverPorts.slice(low.length, serverPorts.length);
  const ports = rotate(preferred, rotation).followedBy(rotate(low, rotation));
  const dividedPortCount =
    preferred.length >= sliceCount * MIN_PREFERRED_PORTS_PER_SLICE ? preferred.length : ports.length;
  return { ports, slices: divide(dividedPortCount, ports.length, sliceCount) };
}

/** Slices 1 to n-1 come first in the pool; slice 0 takes its share and everything after it. */
function divide(dividedPortCount: number, poolPortCount: number, sliceCount: number): SliceBounds[] {
  const boundary = (part: number): number => Math.floor((part * dividedPortCount) / sliceCount);
  const slices: SliceBounds[] = [];
  for (let part = 0; part < sliceCount - 1; part++) {
    slices.push({ firstIndex: boundary(part), portCount: boundary(part + 1) - boundary(part) });
  }
  const firstIndex = boundary(sliceCount - 1);
  return [{ firstIndex, portCount: poolPortCount - firstIndex }, ...slices];
}

function rotate(ports: PortList, rotation: number): PortList {
  const start = Math.floor(rotation * ports.length);
  return ports.slice(start, ports.length).followedBy(ports.slice(0, start));
}

/** A few more slices than workers, because a worker's successor can start before its predecessor is dead. */
export function sliceCountFor(workers: number): number {
  return workers === 0 ? 1 : 1 + workers + Math.max(2, Math.ceil(workers / 2));
}
