/**
 * Whether SO_REUSEADDR works on a socket that is bound already, as a hold needs it. On Linux it does; gVisor, which runs Linux
 * programs in sandboxes, goes by the options that a socket had at its bind. Each thread finds out for itself: it does not have to
 * depend on what another process has found.
 */
import { meaningOf } from '../errno.ts';
import { IPV4_WILDCARD } from '../internet-address.ts';
import { threadState } from '../thread-state.ts';
import { closeAll } from './bound-addresses.ts';
import type { LibC } from './libc.ts';
import { bindInternet, boundPort, openInternetSocket, setReuseAddress } from './sockets.ts';

const PICKED_BY_KERNEL = 0;

type Answers = WeakMap<LibC, boolean>;
const answers = (): Answers => threadState('options-after-bind', () => new WeakMap());

/** Undefined: nobody has tried yet. */
export function knownToWorkAfterBind(libc: LibC): boolean | undefined {
  return answers().get(libc);
}

export function noteThatOptionsWorkAfterBind(libc: LibC): void {
  answers().set(libc, true);
}

/** Tries it, if it is not known. True also while it cannot be known. */
export function optionsWorkAfterBind(libc: LibC): boolean {
  const answer = knownToWorkAfterBind(libc) ?? tryOptionAfterBind(libc);
  if (answer !== undefined) answers().set(libc, answer);
  return answer ?? true;
}

/** @returns undefined if there is no port to try it on */
function tryOptionAfterBind(libc: LibC): boolean | undefined {
  const descriptors: number[] = [];
  const open = (): number => {
    // Every kernel that can run Node has IPv4.
    const descriptor = openInternetSocket(libc, IPV4_WILDCARD) as number;
    descriptors.push(descriptor);
    return descriptor;
  };
  try {
    const hold = open();
    if (bindInternet(libc, hold, IPV4_WILDCARD, PICKED_BY_KERNEL) !== 0) return undefined;
    setReuseAddress(libc, hold, true);
    const server = open();
    setReuseAddress(libc, server, true);
    return meaningOf(bindInternet(libc, server, IPV4_WILDCARD, boundPort(libc, hold))) !== 'taken';
  } finally {
    closeAll(libc, descriptors);
  }
}
