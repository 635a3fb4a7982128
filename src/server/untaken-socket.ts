/** Waits until a server has taken the socket that it was given, and tells when it will not. */
import { ServerHandOverError } from '../errors/index.ts';
import { MAX_CONNECT_MS, tryToConnect } from '../pool/api/try-to-connect.ts';
import type { HandOver } from './hand-over.ts';
import { nextLook } from './listening-watch.ts';
import type { Reach } from './reach.ts';
import type { Start } from './start.ts';

/**
 * A connection of ours waits in the queue until it is accepted. That it can be made says nothing: the kernel makes it.
 * @throws ServerHandOverError, the signal's reason
 */
export async function untilTaken(
  start: Start,
  handOver: HandOver,
  reach: Reach,
  signal: AbortSignal,
): Promise<void> {
  while ((await tryToConnect(reach, MAX_CONNECT_MS)) !== undefined) {
    await nextLook();
    signal.throwIfAborted();
  }
  do {
    const sockets = (await nextLook()) ?? [];
    signal.throwIfAborted();
    const others = sockets.filter(
      ({ port, socketId }) => port === reach.port && socketId !== handOver.socket?.socketId,
    );
    if (others.some(({ socketId }) => start.instance.owns([socketId])))
      throw notTaken(start, `it has opened a socket of its own on port ${reach.port}`);
  } while ((handOver.socket?.countWaiting() ?? 0) > 0);
  handOver.noteTaken();
}

export function notTaken({ settings, server, output }: Start, problem: string): ServerHandOverError {
  return new ServerHandOverError({
    name: settings.name,
    port: server.port,
    problem,
    output: output.text(),
    lastLines: output.lastLines(),
  });
}
