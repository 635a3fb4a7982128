/** Waits until a server listens, and proves that it is this server. */
import { ForeignListenerError } from '../errors/index.ts';
import { monotonicMs } from '../platform/clock.ts';
import { platform } from '../platform/platform.ts';
import type { Listener, ListeningSocket } from '../platform/port-kernel.ts';
import { MAX_CONNECT_MS, tryToConnect } from '../pool/api/try-to-connect.ts';
import { describeListener } from '../pool/claim/describe-listeners.ts';
import type { Instance } from './instance.ts';
import { nextChange, nextLook } from './listening-watch.ts';
import { type Reach, socketsInReach } from './reach.ts';
import type { Start } from './start.ts';
import { unlessAborted } from './within.ts';

const PORT_FREE_TIMEOUT_MS = 2000;

/**
 * Resolves as soon as the server listens on all of the ports.
 * @throws ForeignListenerError if somebody else does; the signal's reason
 */
export async function untilListening(
  start: Start,
  reaches: readonly Reach[],
  signal: AbortSignal,
): Promise<void> {
  const suspects = new Map<Reach, string>();
  let missing = reaches;
  let look = nextLook;
  while (missing.length > 0) {
    const sockets = await unlessAborted(look(), signal);
    if (sockets === undefined) return untilConnected(missing, signal);
    missing = missing.filter((reach) => !isServed(start, reach, socketsInReach(sockets, reach), suspects));
    // Whose a socket is can change while the table does not.
    const isInDoubt = missing.some((reach) => socketsInReach(sockets, reach).length > 0);
    look = isInDoubt ? nextLook : () => nextChange(sockets);
  }
}

/** A stranger is suspected with the first look, and told with the second: it may have closed its socket in between. */
function isServed(
  start: Start,
  reach: Reach,
  sockets: readonly ListeningSocket[],
  suspects: Map<Reach, string>,
): boolean {
  if (sockets.length === 0) return false;
  const ids = sockets.map(({ socketId }) => socketId);
  if (start.instance.owns(ids)) return true;
  const listeners = platform.findListeners(reach.port);
  // Where the OS does not tell who listens, anybody is accepted.
  if (listeners === undefined) return true;
  if (listeners.length === 0) return false;
  const stranger = listeners.find((listener) => !start.instance.includes(listener));
  if (stranger === undefined) return true;
  const suspect = ids.toSorted().join(' ');
  if (suspects.get(reach) === suspect) throw foreignListener(start, reach, stranger);
  suspects.set(reach, suspect);
  return false;
}

function foreignListener(
  { settings: { name }, instance: { processId } }: Start,
  { port }: Reach,
  stranger: Listener,
): ForeignListenerError {
  const expected = processId === undefined ? `'${name}' in this process` : `pid ${processId} (${name})`;
  return new ForeignListenerError({ ...stranger, port, expected, description: describeListener(stranger) });
}

/**
 * For a server that will not be in the tree of its command: nobody may listen yet.
 * @throws ForeignListenerError
 */
export async function rejectListener(name: string, reaches: readonly Reach[]): Promise<void> {
  const sockets = (await nextLook()) ?? [];
  for (const reach of reaches) {
    const isUsed = socketsInReach(sockets, reach).length > 0;
    const [stranger] = isUsed ? (platform.findListeners(reach.port) ?? []) : [];
    if (stranger === undefined) continue;
    const description = describeListener(stranger);
    throw new ForeignListenerError({ ...stranger, port: reach.port, expected: `'${name}'`, description });
  }
}

/**
 * The kernel closes the sockets of a process before others learn of its end, but a child that it has just forked can have them for a
 * moment. What listens for longer is named as a leak when its port is released, and for a stranger there is no wait.
 */
export async function untilPortsAreFree(instance: Instance, reaches: readonly Reach[]): Promise<void> {
  const deadlineMs = monotonicMs() + PORT_FREE_TIMEOUT_MS;
  const mayEnd = (listener: Listener): boolean =>
    listener.processId === undefined || instance.includes(listener);
  do {
    const sockets = (await nextLook()) ?? [];
    const used = reaches.filter((reach) => socketsInReach(sockets, reach).length > 0);
    const isOver = used.every(({ port }) => platform.findListeners(port)?.some(mayEnd) !== true);
    if (isOver) return;
  } while (monotonicMs() < deadlineMs);
}

/** Where the OS does not tell who listens where. */
async function untilConnected(reaches: readonly Reach[], signal: AbortSignal): Promise<void> {
  for (const { port, host } of reaches) {
    while ((await tryToConnect({ host, port }, MAX_CONNECT_MS)) !== undefined) {
      await nextLook();
      signal.throwIfAborted();
    }
  }
}
