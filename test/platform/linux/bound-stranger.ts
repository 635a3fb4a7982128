/** A program in a peer's namespace that has bound a port, as `listen(0)` does first, and stops before it listens. */
import type { KernelPeer } from '../../support/kernel-peer.ts';
import type { Endpoint, SocketOption } from '../../support/stranger.ts';
import { until } from '../../support/until.ts';

const BOUND = `
import os, signal, socket, sys
host, port, only, *options = sys.argv[1:]
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
for option in options: made.setsockopt(socket.SOL_SOCKET, getattr(socket, option), 1)
if ":" in host: made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(only))
made.bind((host, int(port)))
child = os.fork()
if child:
    print(child, made.getsockname()[1])
else:
    for descriptor in range(3): os.close(descriptor)
    signal.sigwait([signal.SIGUSR1])
    made.listen()
    signal.pause()
`;

export interface BoundStranger extends Disposable {
  readonly port: number;
  /** Goes on. Resolves when it listens. */
  listen(): Promise<void>;
}

/** @param port 0: whichever the kernel picks */
export async function startBoundStranger(
  peer: KernelPeer,
  python: string,
  { host, dual }: Endpoint,
  port: number,
  options: readonly SocketOption[] = ['SO_REUSEADDR'],
): Promise<BoundStranger> {
  const args = ['-c', BOUND, host, String(port), dual === true ? '0' : '1', ...options];
  const [pid, boundPort] = (await peer.tell.run(python, args)).split(' ').map(Number) as [number, number];
  return {
    port: boundPort,
    listen: async () => {
      process.kill(pid, 'SIGUSR1');
      await until('the stranger', async () => {
        const listeners = await peer.kernel('findListeners', boundPort);
        return listeners?.some(({ processId }) => processId === pid) === true;
      });
    },
    [Symbol.dispose]: () => void process.kill(pid, 'SIGKILL'),
  };
}
