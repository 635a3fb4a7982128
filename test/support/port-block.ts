/**
 * Ports that this test has to itself, whatever else is tested on this machine: a block is reserved by a kernel object
 * that dies with the process. They lie below 10000, where the pools of other tests look last.
 */
import { once } from 'node:events';
import net from 'node:net';
import { getServerTCPPorts, portIsInUse } from '../../src/index.ts';
import { platform } from '../../src/platform/platform.ts';
import { formatPortSpec } from './port-spec-text.ts';

const PORTS_PER_BLOCK = 40;
const CANDIDATES = '2100-9899';
/** Specs of whole blocks, separated by spaces, that were reserved for us outside: by a test that runs this one under Wine. */
const RESERVED_VARIABLE = 'RESERVED_TEST_PORTS';

export interface PortBlock extends AsyncDisposable {
  /** Ascending. */
  readonly ports: readonly number[];
  /** The same as a spec. */
  readonly spec: string;
}

/** @param portCount at most 40 */
export async function reservePorts(portCount: number): Promise<PortBlock> {
  if (portCount > PORTS_PER_BLOCK) throw new Error(`A block has ${PORTS_PER_BLOCK} ports.`);
  const reserved = process.env[RESERVED_VARIABLE];
  if (reserved !== undefined) return takeReserved(reserved.split(' '), portCount);
  const candidates = getServerTCPPorts({ ports: CANDIDATES });
  const blockCount = Math.floor(candidates.length / PORTS_PER_BLOCK);
  const start = Math.floor(Math.random() * blockCount);
  for (let step = 0; step < blockCount; step++) {
    const block = (start + step) % blockCount;
    const ports = candidates.slice(block * PORTS_PER_BLOCK, block * PORTS_PER_BLOCK + portCount);
    const reservation = await reserve(block);
    if (reservation === undefined) continue;
    const release = (): Promise<void> => closeServer(reservation);
    if (ports.every((port) => isQuiet(port) && !portIsInUse(port)))
      return { ports, spec: formatPortSpec(ports), [Symbol.asyncDispose]: release };
    await release();
  }
  throw new Error('No block of ports is free.');
}

/** The environment of a program whose blocks these are; nobody else on the machine may use them meanwhile. */
export function environmentWithBlocks(blocks: readonly PortBlock[]): Readonly<Record<string, string>> {
  return { [RESERVED_VARIABLE]: blocks.map(({ spec }) => spec).join(' ') };
}

const takenHere = new Set<string>();

function takeReserved(specs: readonly string[], portCount: number): PortBlock {
  const spec = specs.find((each) => !takenHere.has(each));
  if (spec === undefined) throw new Error('No block of ports is free.');
  takenHere.add(spec);
  const ports = getServerTCPPorts({ ports: spec }).slice(0, portCount);
  const release = async (): Promise<void> => void takenHere.delete(spec);
  return { ports, spec: formatPortSpec(ports), [Symbol.asyncDispose]: release };
}

/** Nothing lingers there of an earlier test, either: a strict bind takes notice of connections in TIME_WAIT. */
export function isQuiet(port: number): boolean {
  return platform.openKernel().checkStrictly(port, { addresses: 'everywhere' }) !== undefined;
}

async function reserve(block: number): Promise<net.Server | undefined> {
  const server = net.createServer().listen(`\0portslice-test/block/${block}`);
  try {
    await once(server, 'listening');
    server.unref();
    return server;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
}

export async function closeServer(server: net.Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
}
