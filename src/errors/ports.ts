/** Errors about the server ports of this machine. */
import { PortsliceError } from './base.ts';
import { describeValue } from './describe-value.ts';

export interface EphemeralRangeFacts {
  /** The file or command that was read. */
  readonly source: string;
  readonly text?: string;
  readonly problem: string;
  readonly cause?: unknown;
}

/** The OS's ephemeral port range cannot be read or makes no sense. */
export class EphemeralRangeError extends PortsliceError {
  static override readonly name: string = 'EphemeralRangeError';
  static override readonly code = 'PORTSLICE_EPHEMERAL_RANGE';
  readonly code: typeof EphemeralRangeError.code = EphemeralRangeError.code;
  /** The file or command that was read. */
  readonly source: string;
  readonly text: string | undefined;

  constructor({ source, text, problem, cause }: EphemeralRangeFacts) {
    const shown = text === undefined ? '' : ` (${describeValue(text)})`;
    super(
      `Cannot tell the ephemeral port range from ${source}: ${problem}${shown}. ` +
        'Set PORTSLICE_PORTS (for example 20000-29999) or PORTSLICE_PORTS_FILE to name the server ports yourself.',
      cause,
    );
    this.source = source;
    this.text = text;
  }
}

/** Something is not implemented for this operating system. */
export class UnsupportedPlatformError extends PortsliceError {
  static override readonly name: string = 'UnsupportedPlatformError';
  static override readonly code = 'PORTSLICE_UNSUPPORTED_PLATFORM';
  readonly code: typeof UnsupportedPlatformError.code = UnsupportedPlatformError.code;
  readonly platform: string;

  constructor({ platform, capability }: { readonly platform: string; readonly capability: string }) {
    super(
      `${capability} is not implemented on '${platform}'. ` +
        'This version of portslice allocates ports and starts servers on Linux, macOS and Windows of x64 and arm64, and on Linux of riscv64 ' +
        'and loong64; it hands sockets to servers on Linux and macOS. Run what needs it on one of these, in a container or a virtual ' +
        'machine for example.',
    );
    this.platform = platform;
  }
}
