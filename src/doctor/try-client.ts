/** One client of a server. */

export const NO_ANSWER = 'no answer';

export interface ClientTry {
  /** What the server has sent. */
  readonly text: string;
  /** Undefined: it was connected. */
  readonly problem: string | undefined;
}

/**
 * The client closes first, so that nothing of the connection is left on the server's port.
 * @param patienceMs a server answers at once, or somebody drops what is sent to it
 */
export async function tryClient(port: number, host: string, patienceMs: number): Promise<ClientTry> {
  return new Promise((resolve) => {
    const socket = process.getBuiltinModule('node:net').connect({ port, host });
    const finish = (text: string, problem?: string): void => {
      socket.destroy();
      resolve({ text, problem });
    };
    socket.setTimeout(patienceMs, () => finish('', NO_ANSWER));
    socket.once('data', (bytes) => finish(String(bytes)));
    socket.once('end', () => finish('', 'closed without a word'));
    socket.once('error', ({ code, message }: NodeJS.ErrnoException) => finish('', code ?? message));
  });
}
