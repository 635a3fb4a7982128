/** The holds of a server's ports, which some servers cannot listen beside. */
import type { TCPPortOwner } from '../pool/api/tcp-port-owner.ts';
import { dropHold, retakeHold } from '../pool/claim/hold-again.ts';
import { findOwnClaim } from '../pool/session/open-sessions.ts';
import { isHeld, type PortClaim } from '../pool/session/port-claim.ts';

export class ServerHolds {
  readonly #owners: readonly TCPPortOwner[];
  /** Only what was there is taken again: the user may have asked for no hold. */
  readonly #dropped = new Set<PortClaim>();

  constructor(owners: readonly TCPPortOwner[]) {
    this.#owners = owners;
  }

  get areThere(): boolean {
    return this.claims().some(isHeld);
  }

  drop(): void {
    for (const claim of this.claims()) if (dropHold(claim)) this.#dropped.add(claim);
  }

  retake(): void {
    this.#dropped.forEach(retakeHold);
    this.#dropped.clear();
  }

  claims(): PortClaim[] {
    return this.#owners.flatMap(({ port }) => findOwnClaim(port) ?? []);
  }
}
