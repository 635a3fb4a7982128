/** The processes of one reading: each is asked for once. */
import { machineLookup, type ProcessDescription } from '../../platform/machine-lookup.ts';
import type { Process } from '../../platform/port-kernel.ts';
import type { ProcessStatus } from './machine-status.ts';

export class KnownProcesses {
  readonly #descriptions = new Map<number, ProcessDescription | undefined>();
  readonly #userNames = new Map<number, string | undefined>();

  describe({ processId, userId }: Process): ProcessStatus {
    const described = processId === undefined ? undefined : this.#find(processId);
    const user = userId ?? described?.userId;
    return {
      processId,
      userId: user,
      userName: user === undefined ? undefined : this.#nameOf(user),
      command: described?.command,
      folder: described?.folder,
      startedAtMs: described?.startedAtMs,
    };
  }

  /** Its number in the process namespace in which it runs. */
  innerIdOf(processId: number): number | undefined {
    return this.#find(processId)?.innerProcessId;
  }

  #find(processId: number): ProcessDescription | undefined {
    if (!this.#descriptions.has(processId))
      this.#descriptions.set(processId, machineLookup.describeProcess(processId));
    return this.#descriptions.get(processId);
  }

  #nameOf(userId: number): string | undefined {
    if (!this.#userNames.has(userId)) this.#userNames.set(userId, machineLookup.findUserName(userId));
    return this.#userNames.get(userId);
  }
}
