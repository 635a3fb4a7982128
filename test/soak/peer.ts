/** A process that does what it is asked, one thing after another, and ends with the process that has started it. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cleanEnvironment } from '../support/environment.ts';
import { stopProcess } from '../support/listening-server.ts';

export interface Peer extends AsyncDisposable {
  /** @throws if the process ends without an answer */
  ask(order: string): Promise<unknown>;
}

/** @param program its URL; it gets `config` as JSON in its only argument, and calls `obey` when it is ready */
export async function startPeer(
  program: URL,
  config: object,
  env: Readonly<Record<string, string>> = {},
): Promise<Peer> {
  const child = fork(program, [JSON.stringify(config)], {
    env: cleanEnvironment(env),
    // Warnings are asked for, not printed.
    execArgv: ['--no-warnings'],
  });
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${program.pathname} ended with ${code ?? signal}.`);
  });
  // Its end is no error unless somebody waits for an answer.
  ended.catch(() => undefined);
  const answer = async (): Promise<unknown> => {
    const [message] = (await Promise.race([once(child, 'message'), ended])) as [{ answer: unknown }];
    return message.answer;
  };
  await answer();
  return {
    ask: (order) => {
      const answered = answer();
      child.send(order);
      return answered;
    },
    [Symbol.asyncDispose]: () => stopProcess(child),
  };
}

/** In the program: says that it is ready, and answers each order with what its handler returns. */
export function obey(handlers: Readonly<Record<string, () => unknown>>): void {
  process.on('message', (order: string) => {
    void Promise.resolve(handlers[order]?.()).then((answer) => process.send?.({ answer }));
  });
  // Whoever asks is gone.
  process.once('disconnect', () => process.exit());
  process.send?.({ answer: 'ready' });
}
