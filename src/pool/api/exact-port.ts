/** Exactly one port of the pool. */
import type { Segment } from '../../core/segment.ts';
import { PortTakenError } from '../../errors/index.ts';
import { whyNoServerPort } from '../session/server-ports.ts';

/** @throws PortTakenError if the port is no server port of the pool */
export function exactIndexOf({ ports }: Segment, port: number): number {
  const index = ports.indexOf(port);
  if (index !== undefined) return index;
  throw new PortTakenError({
    port,
    problem: `is no server port of this run: ${whyNoServerPort(port)}`,
    fix: "Name a port that 'ports' (PORTSLICE_PORTS) has, or change it",
  });
}
