/**
 * One look at the kernel's table of listening sockets for all servers that are waited for. There are no looks while nobody
 * waits, and after a slow one there is a longer pause.
 */
import { monotonicMs, startTimeout, stopTimeout } from '../platform/clock.ts';
import type { ListeningSocket } from '../platform/port-kernel.ts';
import { serverPlatform } from '../platform/server-platform.ts';

/** Undefined where the OS does not tell. */
type Sockets = readonly ListeningSocket[] | undefined;

const LOOK_EVERY_MS = 4;
/** So that looks take at most a fifth of the time, wherever they take long. */
const PAUSE_PER_LOOK = 4;

class Waiting {
  readonly looked: Promise<Sockets>;
  timer: NodeJS.Timeout;
  #settle: ((sockets: Promise<Sockets>) => void) | undefined;

  constructor() {
    this.looked = new Promise((resolve) => (this.#settle = resolve));
    this.timer = startTimeout(look, pauseMs);
  }

  settle(sockets: Promise<Sockets>): void {
    this.#settle?.(sockets);
  }
}

let waiting: Waiting | undefined;
let pauseMs = LOOK_EVERY_MS;

/** The next look, which is the same for all who wait. */
export async function nextLook(): Promise<Sockets> {
  waiting ??= new Waiting();
  return waiting.looked;
}

/** A server has written something: often that it listens. */
export function lookSoon(): void {
  if (waiting === undefined || pauseMs > LOOK_EVERY_MS) return;
  stopTimeout(waiting.timer);
  waiting.timer = startTimeout(look, 0);
}

function look(): void {
  const all = waiting;
  waiting = undefined;
  all?.settle(readSockets());
}

async function readSockets(): Promise<Sockets> {
  const startMs = monotonicMs();
  const sockets = serverPlatform.readListeningSockets();
  pauseMs = Math.max(LOOK_EVERY_MS, PAUSE_PER_LOOK * (monotonicMs() - startMs));
  return sockets;
}
