/**
 * Another party at the kernel: a process or thread, as another user or in another namespace if need be, that takes
 * locks, holds and ports on behalf of a test.
 */
import { platform } from '../../src/platform/platform.ts';
import type { PortKernel, ProcessLookup } from '../../src/platform/port-kernel.ts';
import type { RunAction } from '../platform/conformance/segment-actions.ts';
import type { PeerCommands } from './kernel-peer.program.ts';
import { type Program, startProgram, startThread } from './program.ts';
import { until } from './until.ts';

type Kernel = PortKernel & ProcessLookup;
type KernelMethod = {
  [Name in keyof Kernel]: Kernel[Name] extends (...args: never[]) => unknown ? Name : never;
}[keyof Kernel];
type Tell<Name extends keyof PeerCommands> = (
  ...args: Parameters<PeerCommands[Name]>
) => Promise<Awaited<ReturnType<PeerCommands[Name]>>>;

export interface KernelPeer extends AsyncDisposable {
  readonly pid: number;
  /** Calls a method of the peer's kernel, or a look-up of its platform. Rejects with a RemoteError. */
  kernel<Name extends KernelMethod>(
    method: Name,
    ...args: Parameters<Kernel[Name]>
  ): Promise<ReturnType<Kernel[Name]>>;
  readonly tell: { readonly [Name in Exclude<keyof PeerCommands, 'kernel' | 'segment'>]: Tell<Name> };
  readonly segment: RunAction;
  /** SIGKILL, or `terminate` for a thread. */
  readonly kill: () => Promise<void>;
}

export interface PeerOptions {
  /** A command that starts another one: `['unshare', '--net']`. */
  readonly wrapper?: readonly string[];
  readonly userId?: number;
}

export const NOBODY = 65_534;
const program = new URL('kernel-peer.program.ts', import.meta.url);

export function startPeer({ wrapper = [], userId }: PeerOptions = {}): Promise<KernelPeer> {
  return peerOf(startProgram(program, { wrapper, config: userId ?? null }));
}

export async function startPeerThread(): Promise<KernelPeer> {
  const peer = await peerOf(startThread(program));
  const threadId = await peer.tell.threadId();
  const kill = async (): Promise<void> => {
    await peer.kill();
    // It has ended for Node a moment before it has for the kernel.
    await until('the kernel knows of the end of the thread', () => !platform.isAlive(threadId));
  };
  return { ...peer, kill, [Symbol.asyncDispose]: kill };
}

async function peerOf(running: Program<PeerCommands>): Promise<KernelPeer> {
  const { pid, call, kill } = running;
  await running.ready;
  const tell = new Proxy({}, { get: (_, name) => call.bind(undefined, name as keyof PeerCommands) });
  return {
    pid,
    kernel: call.bind(undefined, 'kernel') as KernelPeer['kernel'],
    tell: tell as KernelPeer['tell'],
    segment: call.bind(undefined, 'segment') as RunAction,
    kill,
    [Symbol.asyncDispose]: kill,
  };
}
