/** A process or a thread that does with the kernel what the test tells it. See kernel-peer.ts. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { Segment } from '../../src/core/segment.ts';
import { withCloserMutex } from '../../src/platform/darwin/closer-mutex.ts';
import * as darwin from '../../src/platform/darwin/libc.ts';
import { libc } from '../../src/platform/linux/libc.ts';
import { takeName } from '../../src/platform/linux/lock.ts';
import { platform } from '../../src/platform/platform.ts';
import type { PortKernel, ProcessLookup } from '../../src/platform/port-kernel.ts';
import { actionsOn, type RunAction } from '../platform/conformance/segment-actions.ts';
import { countDescriptors, useUpDescriptors } from './descriptors.ts';
import { becomeUser, programConfig, serve } from './serve.ts';

const kernel = platform.openKernel();
const servers: net.Server[] = [];
let giveBack = (): void => undefined;
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
  countDescriptors,
  useUpDescriptors: (left: number): void => void (giveBack = useUpDescriptors(left)),
  giveDescriptorsBack: (): void => giveBack(),
  createMemory: (byteLength: number): void => kernel.createMemory(byteLength).close(),
  /** Until this process ends. @returns the locator */
  keepMemory: (byteLength: number): string => {
    const memory = kernel.createMemory(byteLength);
    memory.announce();
    return memory.locator;
  },
  /** As if this thread stopped while it closes what others have left. */
  keepCloserMutex: (): void => {
    // It never gives it back then.
    withCloserMutex(darwin.libc(), () => Object.assign(Atomics, { store: () => undefined }));
  },
  /** @returns the locator */
  createOpenMemory: (byteLength: number): string => kernel.createMemory(byteLength).locator,
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

const userId = programConfig();
if (typeof userId === 'number') becomeUser(userId);
serve(commands);
