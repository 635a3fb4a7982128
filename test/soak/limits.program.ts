/**
 * Does each step of an owner's life with 0, 1, 2, ... descriptors left, until there are enough for it. Each of its system
 * calls that needs one is in turn the one that fails. See limits.test.ts.
 */
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  getServerTCPPorts,
  portAllocationStats,
  PortPool,
  PortsliceError,
  portIsInUse,
  TCPPortOwner,
  waitForListening,
} from '../../src/index.ts';
import { countDescriptors, useUpDescriptors } from '../support/descriptors.ts';
import { releaseSealed } from '../support/pool-internals.ts';
import { serve } from '../support/serve.ts';

export interface Attempt {
  readonly step: string;
  readonly left: number;
  /** 'done', or the code of the typed error; 'untyped' for any other. */
  readonly outcome: string;
  readonly message: string;
  /** How many descriptors the process has more than before, with all that the step gave given back. */
  readonly moreDescriptors: number;
  /** Ports that are not free then, by their records or in truth. */
  readonly busyPorts: readonly number[];
}

interface Step {
  readonly name: string;
  /** With descriptors enough. @returns what `act` works on */
  readonly prepare?: () => TCPPortOwner[] | Promise<TCPPortOwner[]>;
  /** @returns what has to be closed or released afterwards */
  readonly act: (owners: TCPPortOwner[]) => Closable[] | Promise<Closable[]>;
}

type Closable = () => void;

const ENOUGH = 12;
const LOOKS = 500;
const LOOK_EVERY_MS = 10;
const AT_ONCE = { acquireTimeoutMs: 0 };
const pool = PortPool.attach();
const ports = [...pool.ports];
const spec = ports.join(',');

const releasing = (owners: readonly TCPPortOwner[]): Closable[] =>
  owners.map((owner) => () => owner.cleanup());
const claimAllPorts = (): Promise<TCPPortOwner[]> => TCPPortOwner.acquireMany(ports.length);

const steps: readonly Step[] = [
  {
    name: 'create',
    act: () => {
      const created = PortPool.create({ ports: spec });
      return [() => created.close()];
    },
  },
  { name: 'server ports', act: () => (getServerTCPPorts(), []) },
  { name: 'claim', act: () => releasing([new TCPPortOwner()]) },
  { name: 'claim without a hold', act: () => releasing([new TCPPortOwner({ hold: false })]) },
  { name: 'claim on one address', act: () => releasing([new TCPPortOwner({ hosts: ['127.0.0.1'] })]) },
  { name: 'acquire', act: async () => releasing([await TCPPortOwner.acquire(AT_ONCE)]) },
  { name: 'acquire three', act: async () => releasing(await TCPPortOwner.acquireMany(3, AT_ONCE)) },
  {
    name: 'claim from seals',
    prepare: async () => {
      for (const owner of await claimAllPorts()) releaseSealed(owner);
      return [];
    },
    act: () => releasing([new TCPPortOwner()]),
  },
  { name: 'in use', act: () => (portIsInUse(ports[0] as number), []) },
  { name: 'statistics', act: () => (portAllocationStats(), pool.snapshot(), []) },
  {
    name: 'wait for a server',
    act: async () => (
      await waitForListening(await servedPort(), { timeoutMs: 2_000, host: '127.0.0.1' }),
      []
    ),
  },
  {
    name: 'release',
    prepare: claimAllPorts,
    act: (owners) => (owners.forEach((owner) => owner.cleanup()), []),
  },
  {
    name: 'seal',
    prepare: claimAllPorts,
    act: (owners) => (owners.forEach((owner) => releaseSealed(owner)), []),
  },
];

let server: net.Server | undefined;
async function servedPort(): Promise<number> {
  if (server === undefined) {
    server = net.createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  return (server.address() as net.AddressInfo).port;
}

/** Seals are given back too: they are wanted by nobody else. */
function freeSeals(): void {
  for (;;) {
    try {
      const owners: TCPPortOwner[] = [];
      while (pool.snapshot().some(({ state }) => state === 'sealed')) owners.push(new TCPPortOwner());
      for (const owner of owners) owner.cleanup();
      return;
    } catch {
      // Ports are lingering.
    }
  }
}

async function attempt({ name, prepare, act }: Step, left: number): Promise<Attempt> {
  const before = countDescriptors();
  const owners = (await prepare?.()) ?? [];
  const giveBack = useUpDescriptors(left);
  let [outcome, message] = ['done', ''];
  let closables: Closable[] = [];
  try {
    closables = await act(owners);
  } catch (error) {
    outcome = error instanceof PortsliceError ? error.code : 'untyped';
    message = String(error);
  }
  giveBack();
  for (const close of [...closables, ...releasing(owners)]) close();
  freeSeals();
  // Connections are closed a little later.
  for (let look = 0; look < LOOKS && countDescriptors() !== before; look++) await sleep(LOOK_EVERY_MS);
  const records = new Map(pool.snapshot().map(({ port, state }) => [port, state]));
  return {
    step: name,
    left,
    outcome,
    message,
    moreDescriptors: countDescriptors() - before,
    busyPorts: ports.filter((port) => (records.get(port) ?? 'free') !== 'free' || portIsInUse(port)),
  };
}

const commands = {
  attemptAll: async (): Promise<Attempt[]> => {
    const attempts: Attempt[] = [];
    await servedPort();
    for (const step of steps) {
      // What is needed once is loaded then.
      await attempt(step, ENOUGH);
      for (let left = 0; left <= ENOUGH; left++) {
        const result = await attempt(step, left);
        attempts.push(result);
        if (result.outcome === 'done') break;
      }
    }
    return attempts;
  },
};
export type LimitsCommands = typeof commands;
serve(commands);
