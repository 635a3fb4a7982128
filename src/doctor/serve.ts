/** The inner side of party.ts: a process or a thread that does as it is told. It imports nothing, so that a stranger is one. */
import type { MessagePort } from 'node:worker_threads';

export interface Order {
  readonly id: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

/** With id 0: it is ready. */
export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  /** A message. */
  readonly error?: string;
}

type Command = (...args: readonly never[]) => unknown;
export type Commands = Readonly<Record<string, Command>>;

/** A process ends when the one that has started it does. */
export function serve(commands: Commands): void {
  const { parentPort } = process.getBuiltinModule('node:worker_threads');
  const channel: MessagePort | NodeJS.Process = parentPort ?? process;
  const reply = (answer: Answer): void => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
    if (parentPort !== null) parentPort.postMessage(answer);
    else process.send?.(answer);
  };
  channel.on('message', (order: Order) => void obey(commands, order).then(reply));
  process.once('disconnect', () => process.exit());
  reply({ id: 0 });
}

async function obey(commands: Commands, { id, name, args }: Order): Promise<Answer> {
  try {
    const value = await (commands[name] as (...all: readonly unknown[]) => unknown)(...args);
    return { id, value };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}
