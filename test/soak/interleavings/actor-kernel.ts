/** The kernel as one actor calls it: every call is a step, or several. What the actor has of it is noted. */
import { closeOrphans } from '../../../src/platform/linux/orphans.ts';
import { markAsThreads } from '../../../src/platform/linux/thread-descriptors.ts';
import type { Hold, PortKernel } from '../../../src/platform/port-kernel.ts';
import { Listening, type ModelKernel, NONE, type OperationName } from './model-kernel.ts';
import { type DescriptorSteps, modelLibC } from './model-libc.ts';
import { indexOf } from './pool.ts';
import type { Abilities, ActorPlan } from './scenario.ts';

interface KernelSteps {
  /** @returns the model's answer */
  take: (name: OperationName, a?: number, b?: number) => number;
  hasJustSwapped: () => boolean;
  /** An event, for the proof that the exploration gets everywhere. */
  note: (event: string) => void;
}

export class ActorKernel {
  readonly calls: PortKernel;
  readonly open: Set<number> = new Set<number>();
  /** The last lock and hold that the actor took, by port. */
  readonly locks: number[] = [];
  readonly holds: (readonly number[])[] = [];
  hasLeaked = false;
  readonly #buffer: ArrayBuffer;
  readonly #steps: KernelSteps;
  readonly #threadId: number;
  readonly #isAloneInProcess: boolean;
  readonly #abilities: Abilities;

  /** @param buffer the segment, as the actor has it */
  constructor(model: ModelKernel, actor: number, buffer: ArrayBuffer, steps: KernelSteps) {
    const plan = model.actors[actor] as ActorPlan;
    this.#buffer = buffer;
    this.#steps = steps;
    this.#threadId = model.threadIdOf(actor);
    this.#isAloneInProcess = model.actors.filter(({ process }) => process === plan.process).length === 1;
    this.#abilities = model.abilities;
    this.calls = this.#bind();
  }

  #bind(): PortKernel {
    const steps: DescriptorSteps = {
      threadId: this.#threadId,
      socket: () => this.#opened('socket'),
      close: (descriptor) => this.#close(descriptor),
      isMarked: (descriptor) => !this.#isAloneInProcess && this.#steps.take('marked', descriptor) === 1,
      opener: (descriptor) => this.#steps.take('opener', descriptor),
      nameOf: (descriptor) => this.#steps.take('name', descriptor),
      bindMutex: (descriptor, level) => this.#steps.take('mutex', descriptor, level) !== NONE,
    };
    const libc = modelLibC(steps);
    markAsThreads(libc, 0);
    const kernel = {
      threadId: steps.threadId,
      networkNamespace: () => 'model',
      attachMemory: () => ({ buffer: this.#buffer, close: () => undefined }),
      takeLock: (port: number) => this.#takeLock(indexOf(port)),
      takeHold: (port: number) => this.#hold('hold', indexOf(port)),
      takeHoldOverLeftovers: (port: number) => this.#hold('hold over leftovers', indexOf(port)),
      checkStrictly: (port: number) => this.#hold('check', indexOf(port)),
      udpIsFree: () => true,
      somethingListens: (port: number) => this.#steps.take('probe', indexOf(port)) === 1,
      somethingListensBeside: ({ descriptors }: { descriptors: readonly number[] }) =>
        this.#steps.take('probe beside', descriptors[0]) === 1,
      takeSeal: (port: number) => {
        const descriptor = this.#opened('seal', indexOf(port));
        if (descriptor === NONE) this.hasLeaked = true;
        return descriptor === NONE ? undefined : [descriptor];
      },
      closeDescriptors: (descriptors: readonly number[]) =>
        descriptors.forEach((descriptor) => this.#close(descriptor)),
      closeOrphans: () => {
        const closed =
          this.#abilities.lockOwner === 'thread' ? this.#steps.take('close orphans') : closeOrphans(libc);
        if (closed > 0) this.#steps.note('adopted');
        return closed;
      },
    };
    return kernel as unknown as PortKernel;
  }

  #takeLock(port: number): number | undefined {
    const afterSwap = this.#steps.hasJustSwapped();
    const lock = this.#opened('lock', port);
    if (!afterSwap && lock !== NONE) this.#steps.note('took from the dead');
    if (afterSwap && lock === NONE) this.#steps.note('backed off');
    if (lock === NONE) return undefined;
    this.locks[port] = lock;
    return lock;
  }

  /** Everywhere, as all that actors ask for. */
  #hold(wanted: 'hold' | 'hold over leftovers' | 'check', port: number): Hold | undefined {
    const isCheck = wanted === 'check' || this.#abilities.holds === 'never';
    const check = wanted === 'hold over leftovers' ? 'check over leftovers' : 'check';
    const answer = isCheck ? this.#steps.take(check, port) : this.#opened(wanted, port);
    if (answer === NONE) this.#steps.note('was kept out');
    if (answer === NONE) return undefined;
    const descriptors = isCheck ? [] : [answer];
    this.holds[port] = descriptors;
    return { kind: isCheck ? 'checked' : 'held', descriptors, addresses: 'everywhere' };
  }

  #opened(name: OperationName, port = 0): number {
    const descriptor = this.#steps.take(name, port);
    if (descriptor !== NONE) this.open.add(descriptor);
    return descriptor;
  }

  #close(descriptor: number): void {
    this.#steps.take('close', descriptor);
    this.open.delete(descriptor);
  }

  /** A process with one thread knows its own descriptors: nobody else changes them. */
  descriptors(): number[] {
    if (this.#isAloneInProcess) return [...this.open];
    const bits = this.#steps.take('descriptors');
    return Array.from({ length: 31 }, (_, descriptor) => descriptor).filter(
      (descriptor) => bits & (1 << descriptor),
    );
  }

  findListeners(port: number): { processId: number; command: string; userId: number }[] {
    const who = this.#steps.take('listeners', indexOf(port));
    if (who === Listening.nobody) return [];
    return [{ processId: process.pid + (who === Listening.here ? 0 : 1), command: 'server', userId: 0 }];
  }
}
