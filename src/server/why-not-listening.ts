/** Why a server is not ready that does not listen where it is expected, and what to do about it. */
import { bracketed } from '../core/address-text.ts';
import type { ListeningSocket } from '../platform/port-kernel.ts';
import type { Instance } from './instance.ts';
import { nextLook } from './listening-watch.ts';
import { type Reach, socketsInReach } from './reach.ts';
import { FIRST_PORT_NAME } from './server-options.ts';
import type { Start } from './start.ts';

/** Both in words. */
export interface Hindrance {
  readonly problem: string;
  readonly fix: string;
}

/** A server listens on a port, but no client meets it there. */
interface Misplaced {
  readonly reach: Reach;
  readonly socket: ListeningSocket;
}

/** @returns undefined if it listens on all of the ports */
export async function whyNotListening(
  { instance, reaches: byName }: Start,
  reaches: readonly Reach[],
): Promise<Hindrance | undefined> {
  const sockets = (await nextLook()) ?? [];
  const missing = reaches.filter((reach) => socketsInReach(sockets, reach).length === 0);
  if (missing.length === 0) return undefined;
  const elsewhere = findElsewhere(instance, sockets, reaches);
  const misplaced = missing.flatMap((reach): Misplaced[] => {
    const socket = elsewhere.find(({ port }) => port === reach.port);
    return socket === undefined ? [] : [{ reach, socket }];
  });
  const isAbsent = ({ port }: { readonly port: number }): boolean =>
    !misplaced.some(({ reach }) => reach.port === port);
  const absent = [...byName].filter(([, reach]) => missing.includes(reach) && isAbsent(reach));
  const parts = [
    ...(absent.length === 0 ? [] : [whyAbsent(absent, instance, elsewhere.filter(isAbsent))]),
    ...(misplaced.length === 0 ? [] : [whyMisplaced(misplaced)]),
  ];
  return {
    problem: parts.map(({ problem }) => problem).join(', and '),
    fix: parts.map(({ fix }) => fix).join(' '),
  };
}

/** Its sockets where no client meets it. */
function findElsewhere(
  instance: Instance,
  sockets: readonly ListeningSocket[],
  reaches: readonly Reach[],
): ListeningSocket[] {
  const own = new Set(instance.listSockets());
  return sockets.filter(
    (socket) =>
      own.has(socket.socketId) && !reaches.some((reach) => socketsInReach([socket], reach).length > 0),
  );
}

function whyAbsent(
  absent: readonly (readonly [name: string, reach: Reach])[],
  { processId }: Instance,
  elsewhere: readonly ListeningSocket[],
): Hindrance {
  const missing = absent.map(([name, { port }]) => describePort(port, name)).join(' and ');
  const isFunction = processId === undefined;
  // Those of this process are not only the function's.
  const others = isFunction ? [] : [...new Set(elsewhere.map(describe))];
  const ways = absent.map(([name]) => (name === FIRST_PORT_NAME ? '{port} or PORT' : `{port:${name}}`));
  const it = absent.length === 1 ? 'this port' : 'these ports';
  return {
    problem: `it does not listen on ${missing}${others.length === 0 ? '' : `, but on ${others.join(' and ')}`}`,
    fix: isFunction
      ? 'Let the function listen on the ports that it is given, or raise readyTimeoutMs.'
      : `Give it ${it} by ${ways.join(', and ')}, or raise readyTimeoutMs.`,
  };
}

function whyMisplaced(misplaced: readonly Misplaced[]): Hindrance {
  const places = misplaced.map(
    ({ reach: { host, port }, socket }) =>
      `${describe(socket)}, where no client of ${bracketed(host)}:${port} meets it`,
  );
  const wanted = new Set(misplaced.flatMap(({ reach }) => reach.addresses));
  const own = new Set(misplaced.map(({ socket }) => `'${socket.address}'`));
  return {
    problem: `it listens on ${places.join(', and on ')}`,
    fix: `Let it listen on ${[...wanted].join(' or ')} or every address, or name its own by hosts: [${[...own].join(', ')}].`,
  };
}

function describePort(port: number, name: string): string {
  return name === FIRST_PORT_NAME ? `port ${port}` : `port ${port} ({port:${name}})`;
}

function describe({ address, port }: ListeningSocket): string {
  return `${bracketed(address)}:${port}`;
}
