/** A listening socket that is handed to a server: types only. */

export interface HandedSocket {
  /** In this process. Programs that are started do not get it unless they are given it. */
  readonly descriptor: number;
  /** As `ListeningSocket.socketId`. */
  readonly socketId: string;
  /** How many connections wait to be accepted. */
  countWaiting(): number;
  /** Takes back what a server has changed in it, for the next one. */
  renew(): void;
  /** Whoever has taken it keeps it. */
  close(): void;
}
