/** Workers, real processes or threads, that own ports on behalf of a test. */
import type { commands } from './port-worker.program.ts';
import { type Program, startProgram, startThread } from './program.ts';

export { RemoteError } from './program.ts';

export type PortWorker = Program<typeof commands>;

export interface PortWorkerOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly descriptorLimit?: number;
  /** A command that starts another one: `['unshare', '--net']`. */
  readonly wrapper?: readonly string[];
  readonly userId?: number;
}

const program = new URL('port-worker.program.ts', import.meta.url);
/** Warnings are asked for, not printed. */
const nodeOptions = ['--no-warnings'];

export function startPortWorker(options: PortWorkerOptions = {}): PortWorker {
  const { env = {}, descriptorLimit, wrapper = [], userId } = options;
  // A shell sets the limit, since a process cannot set it for its children.
  const limit =
    descriptorLimit === undefined ? [] : ['/bin/sh', '-c', `ulimit -n ${descriptorLimit}; exec "$0" "$@"`];
  return startProgram(program, {
    env,
    nodeOptions,
    wrapper: [...limit, ...wrapper],
    config: userId ?? null,
  });
}

export async function startPortThread({ env = {} }: PortWorkerOptions = {}): Promise<PortWorker> {
  const thread: PortWorker = startThread(program, { env, nodeOptions });
  await thread.ready;
  return thread;
}
