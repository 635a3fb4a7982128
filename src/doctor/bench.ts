/** What a check works with. Whatever it takes is given back at its end, however it ends. */
import { monotonicMs, pause } from '../platform/clock.ts';
import type { Hold, HoldTarget, Platform, PortKernel } from '../platform/port-kernel.ts';
import { BrokenPromise } from './check.ts';
import type { HelperCommands } from './helper.ts';
import { startProcess, startThread } from './party.ts';
import type { PortSource } from './port-source.ts';
import type { Helper, Staff, Stranger } from './staff.ts';

/** How many of these waits a check has time for. */
const SOON_PART = 10;

export const EVERYWHERE: HoldTarget = { addresses: 'everywhere' };
const LOOK_EVERY_MS = 5;

/** A port as an owner has it. */
export interface ClaimedPort {
  readonly port: number;
  readonly hold: Hold;
  /** Gives the hold back, and keeps the lock. */
  readonly freeHold: () => void;
  /** Gives both back. A second call does nothing. */
  readonly free: () => void;
}

type Undo = () => unknown;

export class Bench {
  readonly system: Platform;
  /** What somebody takes who answers at once, or a kernel that clears up after a process. More on a machine that is given more time. */
  readonly soonMs: number;
  readonly #staff: Staff;
  readonly #findPorts: () => PortSource;
  #helper: Helper | undefined;
  #stranger: Stranger | undefined;
  readonly #undos: Undo[] = [];
  readonly #ending = new AbortController();

  /** @param timeoutMs of the whole check */
  constructor(system: Platform, staff: Staff, findPorts: () => PortSource, timeoutMs: number) {
    this.system = system;
    this.soonMs = timeoutMs / SOON_PART;
    this.#staff = staff;
    this.#findPorts = findPorts;
  }

  get kernel(): PortKernel {
    // A check whose time has run out must take nothing any more.
    this.#ending.signal.throwIfAborted();
    return this.system.openKernel();
  }

  /** The same one until the end of the check, whatever becomes of it. */
  get helper(): Helper {
    return (this.#helper ??= this.#staff.helper);
  }

  get stranger(): Stranger {
    return (this.#stranger ??= this.#staff.stranger);
  }

  /** One that is ended with the check. */
  startHelper(kind: 'process' | 'thread'): Helper {
    this.#ending.signal.throwIfAborted();
    const helper = (kind === 'process' ? startProcess : startThread)<HelperCommands>('helper');
    this.atEnd(helper.kill);
    return helper;
  }

  /** Locked and, where there is a hold, held. */
  claim(): ClaimedPort {
    const { portCount, next } = this.#findPorts();
    // As owners are given ports: over what an earlier server has left only if there is no other.
    for (const way of ['takeHold', 'takeHoldOverLeftovers'] as const)
      for (let tried = 0; tried < portCount; tried++) {
        const claimed = this.#tryToClaim(next(), way);
        if (claimed !== undefined) return claimed;
      }
    throw new BrokenPromise(
      'a server port that nobody has',
      `each of ${portCount} is taken`,
      'Give portslice more ports (PORTSLICE_PORTS), or try again when fewer tests run.',
    );
  }

  #tryToClaim(port: number, way: 'takeHold' | 'takeHoldOverLeftovers'): ClaimedPort | undefined {
    const { kernel } = this;
    const lock = kernel.takeLock(port);
    if (lock === undefined) return undefined;
    const freeLock = this.atEnd(() => kernel.closeDescriptors([lock]));
    const hold = kernel[way](port, EVERYWHERE);
    if (hold === undefined) {
      freeLock();
      return undefined;
    }
    const freeHold = this.atEnd(() => kernel.closeDescriptors(hold.descriptors));
    const free = (): void => {
      freeHold();
      freeLock();
    };
    return { port, hold, freeHold, free };
  }

  /** The stranger's server. @returns the code of its error; undefined: it listens */
  async listen(port: number, host: string): Promise<string | undefined> {
    const { stranger } = this;
    // One that has ended has closed it.
    this.atEnd(() => stranger.call('close').catch(() => undefined));
    return stranger.call('listen', port, host);
  }

  /** @returns how to do it before. It is done once */
  atEnd(undo: Undo): () => void {
    this.#undos.push(undo);
    return () => {
      const place = this.#undos.indexOf(undo);
      if (place === -1) return;
      this.#undos.splice(place, 1);
      undo();
    };
  }

  async end(): Promise<void> {
    this.#ending.abort(new Error('The check has ended.'));
    for (let undo = this.#undos.pop(); undo !== undefined; undo = this.#undos.pop()) await undo();
  }

  /** Whether it becomes true soon. */
  async becomesTrue(look: () => boolean): Promise<boolean> {
    const deadlineMs = monotonicMs() + this.soonMs;
    await this.untilTrue(() => look() || monotonicMs() > deadlineMs);
    return look();
  }

  /** Rejects at the end of the check. */
  async untilTrue(look: () => boolean): Promise<void> {
    while (!look()) await pause(LOOK_EVERY_MS, this.#ending.signal);
  }
}
