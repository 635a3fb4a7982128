/** The public function. What it needs is loaded with the first server: most processes that own ports start none. */
import type { StartServerOptions } from './server-options.ts';
import type { Server } from './server.ts';

/**
 * Claims a port, starts a server on it, and resolves once it is ready and certain to be the server that listens. If that
 * fails, everything is stopped and the port is given back.
 * @throws InvalidOptionError, ServerCommandError, ServerExitedError, ServerAddressInUseError, ForeignListenerError,
 *   ServerNotReadyError, ServerHandOverError, UnsupportedPlatformError, the signal's reason; what `TCPPortOwner.acquire` throws; what a
 *   function in place of a command throws
 */
export async function startServer(options: StartServerOptions): Promise<Server> {
  const { launchServer } = await import('./launch-server.ts');
  return launchServer(options);
}
