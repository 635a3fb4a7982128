/** What the options of the package get-port ask of an owner. */
import { HIGHEST_PORT, LOWEST_PORT } from '../core/port-range.ts';
import { InvalidOptionError } from '../errors/index.ts';
import type { AcquireOptions } from '../pool/api/owner-options.ts';
import { checkPorts } from '../pool/session/option-checks.ts';

/** Those of get-port, and those of Node's `server.listen`, which it passes on. */
export interface Options {
  /** Tried in this order, if they are server ports of the run; then any other. 0: any. */
  readonly port?: number | Iterable<number> | undefined;
  /** Never these. */
  readonly exclude?: Iterable<number> | undefined;
  /** Keep the port until this process ends or calls `clearLockedPorts()`, whatever test asks for it. Default: false. */
  readonly reserve?: boolean | undefined;
  /** The only address on which the port has to be free. Default: all. */
  readonly host?: string | undefined;
  /** Whether it has to be free on IPv6 only. */
  readonly ipv6Only?: boolean | undefined;
  /** Ends the wait for a free port. */
  readonly signal?: AbortSignal | undefined;
  /** Without effect, as are those below. */
  readonly backlog?: number | undefined;
  readonly exclusive?: boolean | undefined;
  readonly path?: string | undefined;
  readonly readableAll?: boolean | undefined;
  readonly reusePort?: boolean | undefined;
  readonly writableAll?: boolean | undefined;
}

/** @throws InvalidOptionError that names the option of get-port */
export function toAcquireOptions({ port, exclude, host, ipv6Only, signal }: Options): AcquireOptions {
  return {
    preferredPorts: preferredPorts(port),
    excludedPorts: excludedPorts(exclude),
    ...whereFree(host, ipv6Only === true),
    signal,
  };
}

/** Nothing comes after 0, which any port is good for. */
function preferredPorts(port: Options['port']): number[] {
  if (port === undefined || port === 0) return [];
  const wanted: number[] = [];
  for (const one of typeof port === 'number' ? [port] : port) {
    if (one === 0) break;
    wanted.push(one);
  }
  return checkPorts('port', wanted);
}

/** What is no port at all may be excluded, too. */
function excludedPorts(exclude: Options['exclude'] = []): number[] {
  const isIterable = typeof (exclude as Iterable<unknown> | null)?.[Symbol.iterator] === 'function';
  const ports = isIterable && typeof exclude !== 'string' ? [...exclude] : undefined;
  if (ports?.every((port) => Number.isSafeInteger(port)) !== true) {
    throw new InvalidOptionError({
      option: 'exclude',
      value: exclude,
      expected: 'an iterable of port numbers',
    });
  }
  return ports.filter((port) => port >= LOWEST_PORT && port <= HIGHEST_PORT);
}

function whereFree(host: string | undefined, ipv6Only: boolean): AcquireOptions {
  const hosts = host === undefined || host === '' ? undefined : [host];
  const isIPv6 = ipv6Only && (hosts === undefined || host?.includes(':') === true);
  return isIPv6 ? { hosts: hosts ?? [''], socketAddressFamily: 'ipv6' } : { hosts };
}
