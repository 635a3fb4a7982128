/** The ports that the checks are made on: server ports of this machine, from any one on. */
import { PortList } from '../core/port-list.ts';
import { PortsliceError } from '../errors/index.ts';
import type { PortKernel } from '../platform/port-kernel.ts';
import { findServerPorts } from '../pool/session/server-ports.ts';

/** If the user's spec or the system's range cannot be read, which is a check of its own. */
const ANY_PORTS = new PortList([{ firstPort: 20_000, lastPort: 29_999 }]);

export interface PortSource {
  readonly portCount: number;
  /** After the last one comes the first again. */
  readonly next: () => number;
}

export function openPortSource(kernel: PortKernel): PortSource {
  const ports = readPorts();
  let position = kernel.randomBytes(4).readUInt32LE();
  return { portCount: ports.length, next: () => ports.at(position++ % ports.length) };
}

function readPorts(): PortList {
  try {
    return findServerPorts();
  } catch (error) {
    if (error instanceof PortsliceError) return ANY_PORTS;
    throw error;
  }
}
