/**
 * `listen: 'inherit'`: the port listens before the server starts, and the server is given the socket. Connections wait in its queue
 * until the server takes them, so none is refused. Once it does, this process closes its copy: else clients would hang after the
 * server's end.
 */
import type { HandedSocket } from '../platform/handed-socket.ts';
import { serverPlatform } from '../platform/server-platform.ts';
import type { TCPPortOwner } from '../pool/api/tcp-port-owner.ts';

/** In the server; the first one after the standard streams, as systemd has it. */
const HANDED_DESCRIPTOR = 3;
/** What the system is asked to set to the id of the server, as systemd has it. */
export const ID_VARIABLE = 'LISTEN_PID';

const PLACEHOLDER = '{fd}';

/** @returns what tells the server of it */
export function handOverVariables(): Readonly<Record<string, string>> {
  return { LISTEN_FDS: '1' };
}

export function fillInDescriptor(text: string): string {
  return text.replaceAll(PLACEHOLDER, String(HANDED_DESCRIPTOR));
}

/** The socket of a server, a new one for each start unless it is kept in between. */
export class HandOver {
  readonly #owner: TCPPortOwner;
  readonly #isKept: boolean;
  #socket: HandedSocket | undefined;
  #isRestarting = false;
  /** Whether the server that was started last has taken it. */
  #isTaken = false;

  /** @param isKept this process keeps its copy while the server runs, for the next one */
  constructor(owner: TCPPortOwner, isKept: boolean) {
    this.#owner = owner;
    this.#isKept = isKept;
  }

  /** Undefined: this process has no copy. */
  get socket(): HandedSocket | undefined {
    return this.#socket;
  }

  get isTaken(): boolean {
    return this.#isTaken;
  }

  /** For the next start. @returns undefined if somebody listens on the port. @throws HostError */
  open(): HandedSocket | undefined {
    this.#isRestarting = false;
    this.#isTaken = false;
    this.#socket?.renew();
    const { port, host = '', socketAddressFamily } = this.#owner;
    this.#socket ??= serverPlatform.openHandedSocket(port, host, socketAddressFamily);
    return this.#socket;
  }

  noteTaken(): void {
    this.#isTaken = true;
    if (!this.#isKept) this.close();
  }

  /** From now on to the next `open` it stays if it is there, for that is why it is kept. */
  beginRestart(): void {
    this.#isRestarting = this.#isKept;
  }

  /** The server has ended. */
  noteEnd(): void {
    if (!this.#isRestarting) this.close();
  }

  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }
}
