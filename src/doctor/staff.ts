/** Who takes part in several checks, since to start a process takes longer than a check. Whoever has ended is replaced. */
import type { HelperCommands } from './helper.ts';
import { type Party, startProcess } from './party.ts';
import type { StrangerCommands } from './stranger.ts';

export type Helper = Party<HelperCommands>;
export type Stranger = Party<StrangerCommands>;

export class Staff {
  #helper: Helper | undefined;
  #stranger: Stranger | undefined;

  /** Another process that uses portslice. */
  get helper(): Helper {
    if (this.#helper?.hasEnded() !== false) this.#helper = startProcess<HelperCommands>('helper');
    return this.#helper;
  }

  /** A process with servers that know nothing of portslice. */
  get stranger(): Stranger {
    if (this.#stranger?.hasEnded() !== false) this.#stranger = startProcess<StrangerCommands>('stranger');
    return this.#stranger;
  }

  /** Ends them. Whoever asks again gets new ones. */
  async dismiss(): Promise<void> {
    const parties = [this.#helper, this.#stranger];
    this.#helper = this.#stranger = undefined;
    await Promise.all(parties.map(async (party) => party?.kill()));
  }
}
