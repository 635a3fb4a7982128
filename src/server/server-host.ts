/** Whose a server is: the process's, or by its fixtures a test's. Types only. */
import type { AcquireOptions } from '../pool/api/owner-options.ts';
import type { TCPPortOwner } from '../pool/api/tcp-port-owner.ts';

export interface ServerHost {
  /** All or none. */
  acquire(count: number, options: AcquireOptions): Promise<readonly TCPPortOwner[]>;
  /** The server has stopped. */
  release(owners: readonly TCPPortOwner[]): void;
  /** For how long a start may take now at most, whatever its options say. */
  longestWaitMs?(): number;
}
