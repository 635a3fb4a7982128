/** The other side of program.ts: what a program that does as it is told imports. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';

export interface Request {
  readonly id: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

/** With id 0: the program is ready. */
export interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: ErrorFacts;
}

/** An error as it travels: with all of its own properties. */
export interface ErrorFacts extends Readonly<Record<string, unknown>> {
  readonly name: string;
  readonly message: string;
  readonly code: string | undefined;
  /** An instance of PortsliceError. */
  readonly isOurs: boolean;
}

type Command = (...args: readonly unknown[]) => unknown;

/** What the test gave to the program at its start. */
export function programConfig(): unknown {
  return isMainThread ? (JSON.parse(process.argv[2] ?? 'null') as unknown) : workerData;
}

/** Obeys the calls of the test, each at once, and ends when the test is gone. */
export function serve(commands: object): void {
  const channel = isMainThread ? process : parentPort;
  channel?.on('message', (request: Request) => void answer(commands, request).then(reply));
  process.once('disconnect', () => process.exit());
  reply({ id: 0 });
}

function reply(message: Reply): void {
  if (isMainThread) process.send?.(message);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
  else parentPort?.postMessage(message);
}

async function answer(commands: object, { id, name, args }: Request): Promise<Reply> {
  try {
    const command = (commands as Readonly<Record<string, Command>>)[name] as Command;
    return { id, value: await command(...args) };
  } catch (error) {
    return { id, error: describeError(error as Error) };
  }
}

function describeError(error: Error & { code?: string }): ErrorFacts {
  const { name, message, code } = error;
  const own = Object.assign({}, error) as object as Record<string, unknown>;
  return { ...own, name, message, code, isOurs: isOurs(error) };
}

/** Told by the name of its class: whichever build the program has loaded. */
function isOurs(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const parent: unknown = Object.getPrototypeOf(error);
  return parent?.constructor.name === 'PortsliceError' || isOurs(parent);
}

/** Afterwards nothing may be loaded any more: the project's folder may be closed to the other user. */
export function becomeUser(userId: number): void {
  process.setgroups?.([]);
  process.setgid?.(userId);
  process.setuid?.(userId);
}
