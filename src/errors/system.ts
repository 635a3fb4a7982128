/** Errors that come from the system. */
import { PortsliceError } from './base.ts';

export interface ResourceLimitFacts {
  readonly systemCall: string;
  readonly errnoName: string;
  /** What has run out. */
  readonly limit: string;
}

/** The process or the system is out of descriptors or of memory for sockets. */
export class ResourceLimitError extends PortsliceError {
  static override readonly name: string = 'ResourceLimitError';
  static override readonly code = 'PORTSLICE_RESOURCE_LIMIT';
  readonly code: typeof ResourceLimitError.code = ResourceLimitError.code;
  readonly systemCall: string;
  /** The name of the errno, such as 'EMFILE'. */
  readonly errnoName: string;

  constructor({ systemCall, errnoName, limit }: ResourceLimitFacts) {
    super(
      `${systemCall} failed with ${errnoName}: ${limit}. An owner needs two descriptors while it lives: ` +
        'raise the limit (ulimit -n), release owners sooner, or run fewer tests at once.',
    );
    this.systemCall = systemCall;
    this.errnoName = errnoName;
  }
}

export interface PermissionFacts {
  readonly systemCall: string;
  readonly errnoName: string;
  readonly fix: string;
  readonly port?: number | undefined;
}

/** The system denies a call that portslice needs. */
export class PermissionError extends PortsliceError {
  static override readonly name: string = 'PermissionError';
  static override readonly code = 'PORTSLICE_PERMISSION';
  readonly code: typeof PermissionError.code = PermissionError.code;
  readonly systemCall: string;
  readonly errnoName: string;
  readonly port: number | undefined;

  constructor({ systemCall, errnoName, fix, port }: PermissionFacts) {
    const place = port === undefined ? '' : ` on port ${port}`;
    super(`${systemCall}${place} was denied with ${errnoName}. ${fix}.`);
    this.systemCall = systemCall;
    this.errnoName = errnoName;
    this.port = port;
  }
}

export interface SystemCallFacts {
  readonly systemCall: string;
  readonly errno: number;
  readonly errnoName: string;
}

/** What a kernel answers that was built without something, or a sandbox that stands for one. */
const ANSWERS_OF_WHAT_IS_MISSING: readonly string[] = [
  'ENOSYS',
  'ENOPROTOOPT',
  'EAFNOSUPPORT',
  'EPROTONOSUPPORT',
];

/** A system call failed in a way that portslice has no remedy for. */
export class SystemCallError extends PortsliceError {
  static override readonly name: string = 'SystemCallError';
  static override readonly code = 'PORTSLICE_SYSTEM_CALL';
  readonly code: typeof SystemCallError.code = SystemCallError.code;
  readonly systemCall: string;
  readonly errno: number;
  readonly errnoName: string;

  constructor({ systemCall, errno, errnoName }: SystemCallFacts) {
    const fix = ANSWERS_OF_WHAT_IS_MISSING.includes(errnoName)
      ? 'This kernel, or a sandbox that stands for it, does not have it, and portslice needs it: run the tests on another one'
      : 'Please report this with the output of uname -a';
    super(`${systemCall} failed with ${errnoName} (errno ${errno}). ${fix}.`);
    this.systemCall = systemCall;
    this.errno = errno;
    this.errnoName = errnoName;
  }
}

export interface ForeignFunctionFacts {
  readonly problem: string;
  readonly fix: string;
  readonly cause?: unknown;
}

/** koffi, through which the C library is called, cannot be loaded. */
export class ForeignFunctionError extends PortsliceError {
  static override readonly name: string = 'ForeignFunctionError';
  static override readonly code = 'PORTSLICE_FFI_UNAVAILABLE';
  readonly code: typeof ForeignFunctionError.code = ForeignFunctionError.code;

  constructor({ problem, fix, cause }: ForeignFunctionFacts) {
    super(`The C library cannot be called: ${problem}. ${fix}.`, cause);
  }
}
