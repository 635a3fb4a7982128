/** A process or a thread that does with the kernel what the test tells it. See kernel-peer.ts. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync } from 'node:fs';
import net from 'node:net';
import { parentPort } from 'node:worker_threads';
import { Segment } from '../../src/core/segment.ts';
import { libc } from '../../src/platform/linux/libc.ts';
import { takeName } from '../../src/platform/linux/lock.ts';
import { platform } from '../../src/platform/platform.ts';
import type { PortKernel, ProcessLookup } from '../../src/platform/port-kernel.ts';
import { actionsOn, type RunAction } from '../platform/conformance/segment-actions.ts';

export interface Request {
  readonly id: number;
  readonly name: keyof PeerCommands;
  readonly args: readonly never[];
}

export interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly message: string; readonly facts: object };
}

const kernel = platform.openKernel();
const servers: net.Server[] = [];
const usedUp: number[] = [];
let onSegment: RunAction | undefined;

const commands = {
  kernel: (method: keyof (PortKernel & ProcessLookup), ...args: readonly unknown[]): unknown =>
    ({ ...platform, ...kernel }[method] as (...all: readonly unknown[]) => unknown)(...args),
  threadId: (): number => kernel.threadId,
  /** @returns the port, or the code of the error */
  listen: async (options: net.ListenOptions): Promise<number | string> => {
    const server = net.createServer((socket) => socket.on('error', () => socket.destroy()).end());
    server.listen(options);
    try {
      await once(server, 'listening');
    } catch (error) {
      return (error as NodeJS.ErrnoException).code as string;
    }
    servers.push(server);
    return (server.address() as net.AddressInfo).port;
  },
  closeServers: async (): Promise<void> => {
    for (const server of servers.splice(0)) {
      server.close();
      await once(server, 'close');
    }
  },
  /** Runs a program to its end, inside the peer's namespaces. @returns its output */
  run: (program: string, args: readonly string[]): string =>
    execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe' }),
  countDescriptors: (): number => readdirSync('/proc/self/fd').length,
  /** Leaves the process that many descriptors to open. */
  useUpDescriptors: (left: number): void => {
    try {
      for (;;) usedUp.push(openSync('/dev/null', 'r'));
    } catch {
      for (const descriptor of usedUp.splice(usedUp.length - left)) closeSync(descriptor);
    }
  },
  giveDescriptorsBack: (): void => {
    for (const descriptor of usedUp.splice(0)) closeSync(descriptor);
  },
  createMemory: (byteLength: number): void => kernel.createMemory(byteLength).close(),
  takeName: (name: string): number | undefined => takeName(libc(), name),
  openSegment: (locator: string): void => {
    onSegment = actionsOn(new Segment(kernel.attachMemory(locator, 'a handle').buffer));
  },
  /** Maps the memory and tells how many bytes it has. */
  attach: (locator: string, handle: string): number => kernel.attachMemory(locator, handle).buffer.byteLength,
  segment: (name: never, ...args: never[]): unknown =>
    (onSegment as (...all: never[]) => unknown)(name, ...args),
};
export type PeerCommands = typeof commands;

function becomeUser(userId: number): void {
  // Everything is loaded by now: the project's folder may be closed to the other user.
  process.setgroups?.([]);
  process.setgid?.(userId);
  process.setuid?.(userId);
}

const user = process.env['TEST_PEER_USER'];
if (user !== undefined) becomeUser(Number(user));

async function answer({ id, name, args }: Request): Promise<Reply> {
  const run = commands[name] as (...all: readonly unknown[]) => unknown;
  try {
    return { id, value: await run(...args) };
  } catch (error) {
    const { name: errorName, message } = error as Error;
    return { id, error: { name: errorName, message, facts: Object.assign({}, error) } };
  }
}

const reply = (message: Reply): void => {
  if (parentPort === null) process.send?.(message);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
  else parentPort.postMessage(message);
};
(parentPort ?? process).on('message', (request: Request) => {
  void answer(request).then(reply);
});
reply({ id: 0 });
