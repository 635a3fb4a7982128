/** What a page and Vitest's main process say to each other: a page can own no port, so the main process does it for it. */
import type { AcquireOptions, SocketAddressFamily } from '../../../pool/api/owner-options.ts';
import type { DispenserFacts, PortUse, ToldRun } from '../../port-dispenser.ts';

/** The browser command of the plugin. */
export const COMMAND = 'portslice';

/** Each names the dispenser that it is about, by an id that the page has made up. */
export type Message = AcquireMessage | CancelMessage | CleanupMessage | EndMessage;

export interface AcquireMessage {
  readonly kind: 'acquire';
  readonly dispenser: string;
  /** The first one opens the dispenser. */
  readonly facts: Omit<DispenserFacts, 'onAcquire'>;
  readonly request: number;
  readonly fixture: string;
  readonly count: number;
  /** Lists in place of iterables. The signal stays in the page. */
  readonly options: Omit<AcquireOptions, 'signal'>;
}

/** Ends the wait of a request. */
interface CancelMessage {
  readonly kind: 'cancel';
  readonly dispenser: string;
  readonly request: number;
}

interface CleanupMessage {
  readonly kind: 'cleanup';
  readonly dispenser: string;
  readonly port: number;
}

export interface EndMessage {
  readonly kind: 'end';
  readonly dispenser: string;
  readonly failed: boolean;
  readonly leaksFail: boolean;
  /** The messages of the test's errors. */
  readonly errors: readonly string[];
}

/** The value of an answer, by the kind of its message. */
export interface Values {
  readonly acquire: readonly SentPort[];
  readonly cancel: void;
  readonly cleanup: void;
  readonly end: Ended;
}

export interface Ended {
  /** All that were handed out, with what became of them. */
  readonly uses: readonly PortUse[];
  /** Of leaks that fail the test. */
  readonly error?: SentError;
}

/** Vitest keeps nothing of a command's error but its name and its message, so errors are answers. */
export type Answer = { readonly value: Values[keyof Values] } | { readonly error: SentError };

export interface SentPort {
  readonly port: number;
  readonly hosts: readonly string[];
  readonly socketAddressFamily: SocketAddressFamily;
  readonly host: string | undefined;
  readonly use: PortUse;
  readonly run: ToldRun | undefined;
}

export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly code: string | undefined;
  /** The fields of one of our errors; undefined: it is another one. */
  readonly facts: object | undefined;
}
