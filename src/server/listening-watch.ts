/**
 * One look at the kernel's table of listening sockets for all servers that are waited for. There are no looks while nobody
 * waits, and after a slow one there is a longer pause.
 */
import { monotonicMs, startTimeout, stopTimeout } from '../platform/clock.ts';
import type { ListeningSocket } from '../platform/port-kernel.ts';
import { serverPlatform } from '../platform/server-platform.ts';

/** Undefined where the OS does not tell. The same array as before where nothing has changed. */
type Sockets = readonly ListeningSocket[] | undefined;

const LOOK_EVERY_MS = 4;
/** So that looks take at most a fifth of the time, wherever they take long. */
const PAUSE_PER_LOOK = 4;
/** Then who waits for a change is called all the same, so that nobody whose wait has another end keeps the looks going. */
const MAX_LOOKS_WITHOUT_CHANGE = 25;

class Waiting {
  readonly looked: Promise<Sockets>;
  settle!: (sockets: Sockets | Promise<never>) => void;

  constructor() {
    this.looked = new Promise((resolve) => (this.settle = resolve));
  }
}

let forNextLook: Waiting | undefined;
let forChange: Waiting | undefined;
let timer: NodeJS.Timeout | undefined;
let pauseMs = LOOK_EVERY_MS;
let lastSeen: Sockets;
let looksWithoutChange = 0;

/** The next look, which is the same for all who wait. */
export function nextLook(): Promise<Sockets> {
  forNextLook ??= new Waiting();
  timer ??= startTimeout(look, pauseMs);
  return forNextLook.looked;
}

/**
 * The next look that shows something else than this one: most of the time nothing changes, and to call all who wait takes longer than
 * to look. It may show the same after a while.
 */
export function nextChange(seen: Sockets): Promise<Sockets> {
  if (seen === undefined || seen !== lastSeen) return nextLook();
  forChange ??= new Waiting();
  timer ??= startTimeout(look, pauseMs);
  return forChange.looked;
}

/** A server has written something: often that it listens. */
export function lookSoon(): void {
  if (timer === undefined || pauseMs > LOOK_EVERY_MS) return;
  stopTimeout(timer);
  timer = startTimeout(look, 0);
}

function look(): void {
  timer = undefined;
  let hasChanged = true;
  let sockets: Sockets | Promise<never>;
  try {
    sockets = readSockets();
    hasChanged = sockets !== lastSeen || ++looksWithoutChange > MAX_LOOKS_WITHOUT_CHANGE;
    lastSeen = sockets;
  } catch (error) {
    sockets = Promise.reject(error);
  }
  forNextLook?.settle(sockets);
  forNextLook = undefined;
  if (hasChanged) {
    looksWithoutChange = 0;
    forChange?.settle(sockets);
    forChange = undefined;
  } else if (forChange !== undefined) {
    timer = startTimeout(look, pauseMs);
  }
}

function readSockets(): Sockets {
  const startMs = monotonicMs();
  const sockets = serverPlatform.readListeningSockets();
  pauseMs = Math.max(LOOK_EVERY_MS, PAUSE_PER_LOOK * (monotonicMs() - startMs));
  return sockets;
}
