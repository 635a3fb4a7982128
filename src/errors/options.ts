/** Errors in how portslice is called. */
import { PortsliceError } from './base.ts';
import { describeValue } from './describe-value.ts';
import { harmless } from './harmless.ts';

export interface InvalidOptionFacts {
  readonly option: string;
  readonly value: unknown;
  /** What the option may be. */
  readonly expected: string;
  /** What is wrong with the value. Default: that it is this value. */
  readonly problem?: string;
}

/** An argument of the public API has the wrong type or is out of its range. Thrown before anything is done. */
export class InvalidOptionError extends PortsliceError {
  static override readonly name: string = 'InvalidOptionError';
  static override readonly code = 'PORTSLICE_INVALID_OPTION';
  readonly code: typeof InvalidOptionError.code = InvalidOptionError.code;
  readonly option: string;
  readonly value: unknown;

  constructor({ option, value, expected, problem = `is ${describeValue(value)}` }: InvalidOptionFacts) {
    super(`${option} ${problem}; expected ${expected}.`);
    this.option = option;
    this.value = value;
  }
}

export interface PortSpecFacts {
  readonly source: string;
  readonly line?: number;
  readonly token?: string;
  readonly problem: string;
  readonly fix: string;
  readonly cause?: unknown;
}

/** A specification of server ports (environment variable, file or option) cannot be used. */
export class PortSpecError extends PortsliceError {
  static override readonly name: string = 'PortSpecError';
  static override readonly code = 'PORTSLICE_PORT_SPEC';
  readonly code: typeof PortSpecError.code = PortSpecError.code;
  /** The variable, option or file that holds the specification. */
  readonly source: string;
  /** One-based line, for files. */
  readonly line: number | undefined;
  readonly token: string | undefined;

  constructor({ source, line, token, problem, fix, cause }: PortSpecFacts) {
    const place = line === undefined ? source : `${source}, line ${line}`;
    super(`${place}:${token === undefined ? '' : ` '${token}'`} ${problem}. ${fix}.`, cause);
    this.source = source;
    this.line = line;
    this.token = token;
  }
}

export interface HostFacts {
  readonly host: string;
  readonly problem: string;
  readonly fix: string;
}

/** A host does not resolve, is not an address of this machine, or the hosts resolve to too many addresses. */
export class HostError extends PortsliceError {
  static override readonly name: string = 'HostError';
  static override readonly code = 'PORTSLICE_HOST';
  readonly code: typeof HostError.code = HostError.code;
  readonly host: string;

  constructor({ host, problem, fix }: HostFacts) {
    super(`Host '${host}' ${problem}. ${fix}.`);
    this.host = host;
  }
}

/** A test that has ended (timed out, say) still asks its fixtures for ports. */
export class TestEndedError extends PortsliceError {
  static override readonly name: string = 'TestEndedError';
  static override readonly code = 'PORTSLICE_TEST_ENDED';
  readonly code: typeof TestEndedError.code = TestEndedError.code;
  readonly label: string;

  constructor({ label }: { readonly label: string }) {
    super(
      `'${harmless(label)}' has ended, its ports are released and it gets no more. ` +
        'Await everything that the test starts, or raise its time-out.',
    );
    this.label = label;
  }
}

/** `acquirePort` was called where it cannot tell whose end is the end of the port. */
export class NoTestError extends PortsliceError {
  static override readonly name: string = 'NoTestError';
  static override readonly code = 'PORTSLICE_NO_TEST';
  readonly code: typeof NoTestError.code = NoTestError.code;

  constructor({ problem, fix }: { readonly problem: string; readonly fix: string }) {
    super(`${problem}. ${fix}.`);
  }
}
