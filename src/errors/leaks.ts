/** Errors at the end of a test. */
import { PortsliceError } from './base.ts';
import type { ProcessDescription } from './describe-process.ts';

/** A port on which something still listened when its test, file or worker ended. */
export interface PortLeak {
  readonly port: number;
  /** The title of the test, or what else the port was for. */
  readonly label: string;
  /** Who listens, as far as that is known. */
  readonly listeners: readonly ProcessDescription[];
  /** All of it in words, with what to do. */
  readonly description: string;
}

/** Servers were left behind, where `onLeak` is 'fail'. */
export class PortLeakError extends PortsliceError {
  static override readonly name: string = 'PortLeakError';
  static override readonly code = 'PORTSLICE_PORT_LEAK';
  readonly code: typeof PortLeakError.code = PortLeakError.code;
  readonly leaks: readonly PortLeak[];

  constructor({ leaks }: { readonly leaks: readonly PortLeak[] }) {
    super(leaks.map(({ description }) => description).join('\n'));
    this.leaks = leaks;
  }
}
