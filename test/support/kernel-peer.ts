/**
 * Another party at the kernel: a process or thread, as another user or in another namespace if need be, that takes
 * locks, holds and ports on behalf of a test.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { PortKernel, ProcessLookup } from '../../src/platform/port-kernel.ts';
import type { RunAction } from '../platform/conformance/segment-actions.ts';
import { cleanEnvironment } from './environment.ts';
import type { PeerCommands, Reply, Request } from './kernel-peer.program.ts';
import { stopProcess } from './listening-server.ts';

type Kernel = PortKernel & ProcessLookup;
type KernelMethod = {
  [Name in keyof Kernel]: Kernel[Name] extends (...args: never[]) => unknown ? Name : never;
}[keyof Kernel];
type Answer<Name extends KernelMethod> = ReturnType<Kernel[Name]>;
type Tell<Name extends keyof PeerCommands> = (
  ...args: Parameters<PeerCommands[Name]>
) => Promise<Awaited<ReturnType<PeerCommands[Name]>>>;

export interface KernelPeer extends AsyncDisposable {
  readonly pid: number;
  /** Calls a method of the peer's kernel, or a look-up of its platform. Rejects with a PeerError. */
  kernel<Name extends KernelMethod>(method: Name, ...args: Parameters<Kernel[Name]>): Promise<Answer<Name>>;
  readonly tell: { readonly [Name in Exclude<keyof PeerCommands, 'kernel' | 'segment'>]: Tell<Name> };
  readonly segment: RunAction;
  /** SIGKILL, or `terminate` for a thread. */
  kill(): Promise<void>;
}

/** What a call threw in the peer. */
class PeerError extends Error {
  readonly errorName: string;
  readonly facts: Readonly<Record<string, unknown>>;

  constructor({ name, message, facts }: NonNullable<Reply['error']>) {
    super(message);
    this.errorName = name;
    this.facts = facts as Record<string, unknown>;
  }
}

export interface PeerOptions {
  /** A command that starts another one: `['unshare', '--net']`. */
  readonly wrapper?: readonly string[];
  readonly userId?: number;
}

export const NOBODY = 65_534;
const url = new URL('kernel-peer.program.ts', import.meta.url);

export async function startPeer({ wrapper = [], userId }: PeerOptions = {}): Promise<KernelPeer> {
  const command = [...wrapper, process.execPath];
  const child = fork(fileURLToPath(url), {
    execPath: command[0] as string,
    execArgv: command.slice(1),
    env: cleanEnvironment(userId === undefined ? {} : { TEST_PEER_USER: String(userId) }),
    serialization: 'advanced',
  });
  const peer = talk({
    pid: child.pid as number,
    send: (request) => child.send(request),
    onReply: (listener) => child.on('message', listener),
    onEnd: (listener) => child.once('exit', listener),
    kill: () => stopProcess(child),
  });
  await once(child, 'message');
  return peer;
}

export async function startPeerThread(): Promise<KernelPeer> {
  const thread = new Worker(url, { env: cleanEnvironment(), execArgv: [] });
  const peer = talk({
    pid: process.pid,
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    send: (request) => thread.postMessage(request),
    onReply: (listener) => thread.on('message', listener),
    onEnd: (listener) => thread.once('exit', listener),
    kill: async () => void (await thread.terminate()),
  });
  await once(thread, 'message');
  return peer;
}

interface Waiter {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Channel {
  readonly pid: number;
  readonly send: (request: Request) => void;
  readonly onReply: (listener: (reply: Reply) => void) => void;
  readonly onEnd: (listener: () => void) => void;
  readonly kill: () => Promise<void>;
}

function talk({ pid, send, onReply, onEnd, kill }: Channel): KernelPeer {
  const pending = new Map<number, Waiter>();
  let lastId = 0;
  onReply(({ id, value, error }) => {
    if (error === undefined) pending.get(id)?.resolve(value);
    else pending.get(id)?.reject(new PeerError(error));
    pending.delete(id);
  });
  onEnd(() => {
    for (const waiter of pending.values()) waiter.reject(new Error('The peer has ended.'));
  });
  const ask = (name: keyof PeerCommands, ...args: readonly unknown[]): Promise<unknown> => {
    const id = ++lastId;
    const answer = new Promise<unknown>((resolve, reject) => pending.set(id, { resolve, reject }));
    send({ id, name, args: args as never[] });
    return answer;
  };
  const tell = new Proxy({}, { get: (_, name) => ask.bind(undefined, name as keyof PeerCommands) });
  return {
    pid,
    kernel: ask.bind(undefined, 'kernel') as KernelPeer['kernel'],
    tell: tell as KernelPeer['tell'],
    segment: ask.bind(undefined, 'segment') as RunAction,
    kill,
    [Symbol.asyncDispose]: kill,
  };
}
