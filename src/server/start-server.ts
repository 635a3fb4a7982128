/** The public function. What it needs is loaded with the first server: most processes that own ports start none. */
import type { StartServerOptions } from './server-options.ts';
import type { Server } from './server.ts';

/**
 * Claims a port, starts a server on it, and resolves when the server is ready and it is certain that it is this one. Ends
 * everything again and gives the port back where that fails.
 * @throws InvalidOptionError, ServerCommandError, ServerExitedError, ServerAddressInUseError, ForeignListenerError,
 *   ServerNotReadyError, ServerHandOverError, UnsupportedPlatformError, the signal's reason; what `TCPPortOwner.acquire` throws; what a
 *   function in place of a command throws
 */
export async function startServer(options: StartServerOptions): Promise<Server> {
  const { launchServer } = await import('./launch-server.ts');
  return launchServer(options);
}
