/** What a page has in place of a TCPPortOwner, which is in Vitest's main process. */
import { serverUrl } from '../../../core/server-url.ts';
import type { SocketAddressFamily } from '../../../pool/api/owner-options.ts';
import type { TCPPortOwner } from '../../../pool/api/tcp-port-owner.ts';
import type { SentPort } from './messages.ts';

/** All but what releases the port, which can only begin here. */
type Face = Omit<TCPPortOwner, 'cleanup' | typeof Symbol.dispose>;

export class RemoteOwner implements Face {
  readonly port: number;
  readonly hosts: readonly string[];
  readonly socketAddressFamily: SocketAddressFamily;
  readonly host: string | undefined;
  readonly #release: () => Promise<void>;
  #released: Promise<void> | undefined;

  /** @param release asks the main process to do so */
  constructor({ port, hosts, socketAddressFamily, host }: SentPort, release: () => Promise<void>) {
    this.port = port;
    this.hosts = hosts;
    this.socketAddressFamily = socketAddressFamily;
    this.host = host;
    this.#release = release;
  }

  url(path = '', protocol = 'http'): string {
    return serverUrl(this, path, protocol);
  }

  /** Resolves when the port is released. Need not be awaited: the end of the test waits for it. */
  cleanup(): Promise<void> {
    return (this.#released ??= this.#release());
  }

  toString(): string {
    return String(this.port);
  }

  toJSON(): number {
    return this.port;
  }

  [Symbol.toPrimitive](hint: string): string | number {
    return hint === 'string' ? String(this.port) : this.port;
  }

  static {
    // Not every browser has it, and compiled `using` then looks for the registered symbol.
    const name = Symbol.dispose ?? Symbol.for('Symbol.dispose');
    Object.defineProperty(RemoteOwner.prototype, name, {
      value: dispose,
      configurable: true,
      writable: true,
    });
  }
}

function dispose(this: RemoteOwner): void {
  void this.cleanup();
}
