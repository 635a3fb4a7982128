/** The machine of a self-test, as a report has it. */
import { formatPortRange } from '../core/port-range.ts';
import { PortsliceError } from '../errors/index.ts';
import { readMachineFacts } from '../platform/machine-facts.ts';
import type { Platform } from '../platform/port-kernel.ts';
import { readServerPorts } from '../pool/session/server-ports.ts';
import { lookUpLocalhost } from './localhost.ts';

/** Texts by what they are about, in the order in which they are printed. */
export type MachineDescription = Readonly<Record<string, string>>;

export async function describeMachine(system: Platform, version: string): Promise<MachineDescription> {
  const facts = readMachineFacts();
  const { isRoot, loopback } = facts;
  return {
    portslice: version,
    runtime: facts.runtime,
    system: facts.system,
    processor: facts.processor,
    ...(facts.cLibrary === undefined ? {} : { 'C library': facts.cLibrary }),
    container: facts.container ?? 'no sign of one',
    ...(isRoot === undefined ? {} : { user: isRoot ? 'root' : 'not root' }),
    loopback: loopback.join(', '),
    localhost: await describeLocalhost(),
    'ephemeral range': orMessage(() => formatPortRange(system.readEphemeralRange().range)),
    'server ports': orMessage(describeServerPorts),
  };
}

function describeServerPorts(): string {
  const { ports, source } = readServerPorts();
  return `${ports.length}${source === undefined ? '' : ` of ${source}`}`;
}

async function describeLocalhost(): Promise<string> {
  try {
    return (await lookUpLocalhost()).join(', ');
  } catch (error) {
    return (error as Error).message;
  }
}

function orMessage(read: () => string): string {
  try {
    return read();
  } catch (error) {
    if (error instanceof PortsliceError) return error.message;
    throw error;
  }
}
