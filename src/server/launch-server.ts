/** Starts a server on ports of whoever gives them. */
import type { AcquireOptions } from '../pool/api/owner-options.ts';
import { TCPPortOwner } from '../pool/api/tcp-port-owner.ts';
import { checkServerOptions } from './check-options.ts';
import { RunningServer } from './running-server.ts';
import type { StartServerOptions } from './server-options.ts';
import type { Server } from './server.ts';

/** Who owns the ports of a server: the process, or a test by its fixtures. */
export interface PortSource {
  /** All or none. */
  acquire(count: number, options: AcquireOptions): Promise<readonly TCPPortOwner[]>;
  release(owners: readonly TCPPortOwner[]): void;
}

const ofThisProcess: PortSource = {
  acquire: async (count, options) => TCPPortOwner.acquireMany(count, options),
  release: (owners) => owners.forEach((owner) => owner.cleanup()),
};

/** @throws as `startServer` */
export async function launchServer(
  options: StartServerOptions,
  source: PortSource = ofThisProcess,
): Promise<Server> {
  const settings = checkServerOptions(options);
  const owners = await acquireAll(source, settings.portNames.length, settings.acquire);
  const ports = Object.fromEntries(
    settings.portNames.map((name, index) => [name, owners[index] as TCPPortOwner]),
  );
  const server = new RunningServer(settings, ports, () => source.release(owners));
  try {
    await server.start();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** An exact port is the first one's. */
async function acquireAll(
  source: PortSource,
  count: number,
  options: AcquireOptions,
): Promise<readonly TCPPortOwner[]> {
  if (options.port === undefined || count === 1) return source.acquire(count, options);
  const { port: _port, ...others } = options;
  const first = await source.acquire(1, options);
  try {
    return [...first, ...(await source.acquire(count - 1, others))];
  } catch (error) {
    source.release(first);
    throw error;
  }
}
