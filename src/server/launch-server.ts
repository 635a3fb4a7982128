/** Starts a server on ports of whoever it belongs to; in one step, or in two: its ports are claimed first, and it is started later or never. */
import { serverPlatform } from '../platform/server-platform.ts';
import type { AcquireOptions } from '../pool/api/owner-options.ts';
import { TCPPortOwner } from '../pool/api/tcp-port-owner.ts';
import { checkServerOptions } from './check-options.ts';
import { RunningServer } from './running-server.ts';
import type { ServerHost } from './server-host.ts';
import type { StartServerOptions } from './server-options.ts';
import type { Server } from './server.ts';

const thisProcess: ServerHost = {
  acquire: async (count, options) => TCPPortOwner.acquireMany(count, options),
  release: (owners) => owners.forEach((owner) => owner.cleanup()),
};

/** @throws as `startServer` */
export async function launchServer(options: StartServerOptions): Promise<Server> {
  const server = await claimServer(options, thisProcess);
  try {
    await server.start();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** @throws InvalidOptionError, UnsupportedPlatformError, and what the host throws */
export async function claimServer(options: StartServerOptions, host: ServerHost): Promise<RunningServer> {
  const settings = checkServerOptions(options);
  serverPlatform.checkSupport(settings.listen === 'inherit');
  const owners = await acquireAll(host, settings.portNames.length, settings.acquire);
  const ports = Object.fromEntries(
    settings.portNames.map((name, index) => [name, owners[index] as TCPPortOwner]),
  );
  return new RunningServer(settings, ports, host);
}

/** An exact port is the first one's. */
async function acquireAll(
  host: ServerHost,
  count: number,
  options: AcquireOptions,
): Promise<readonly TCPPortOwner[]> {
  if (options.port === undefined || count === 1) return host.acquire(count, options);
  const { port: _port, ...others } = options;
  const first = await host.acquire(1, options);
  try {
    return [...first, ...(await host.acquire(count - 1, others))];
  } catch (error) {
    host.release(first);
    throw error;
  }
}
