/** What all errors of portslice have in common: a literal code for programs, a brand, and a cause if there is one. */

export type PortsliceErrorCode =
  | 'PORTSLICE_INVALID_OPTION'
  | 'PORTSLICE_PORT_SPEC'
  | 'PORTSLICE_HOST'
  | 'PORTSLICE_TEST_ENDED'
  | 'PORTSLICE_NO_TEST'
  | 'PORTSLICE_PORT_LEAK'
  | 'PORTSLICE_EPHEMERAL_RANGE'
  | 'PORTSLICE_UNSUPPORTED_PLATFORM'
  | 'PORTSLICE_POOL_HANDLE'
  | 'PORTSLICE_POOL_STALE'
  | 'PORTSLICE_POOL_FOREIGN'
  | 'PORTSLICE_POOL_DAMAGED'
  | 'PORTSLICE_POOL_CLOSED'
  | 'PORTSLICE_POOL_EXHAUSTED'
  | 'PORTSLICE_PORT_TAKEN'
  | 'PORTSLICE_RESOURCE_LIMIT'
  | 'PORTSLICE_PERMISSION'
  | 'PORTSLICE_SYSTEM_CALL'
  | 'PORTSLICE_FFI_UNAVAILABLE'
  | 'PORTSLICE_WAIT_TIMEOUT'
  | 'PORTSLICE_SERVER_EXITED'
  | 'PORTSLICE_SERVER_DIED'
  | 'PORTSLICE_FOREIGN_LISTENER'
  | 'PORTSLICE_RUN_PORT_UNKNOWN'
  | 'PORTSLICE_ALREADY_SERVED'
  | 'PORTSLICE_SERVER_COMMAND'
  | 'PORTSLICE_SERVER_NOT_READY'
  | 'PORTSLICE_SERVER_ADDRESS_IN_USE'
  | 'PORTSLICE_SERVER_STOPPED'
  | 'PORTSLICE_SERVER_STOP'
  | 'PORTSLICE_SERVER_HAND_OVER';

/** The same symbol in every copy of this package and in every realm of the thread. */
const BRAND = Symbol.for('portslice/error');

/**
 * Base of all errors of this package. `instanceof` also recognises the errors of another copy of the package (Vitest's vm
 * pools and inlined dependencies make some): those of this class by a brand, those of a subclass by their code.
 */
export abstract class PortsliceError extends Error {
  declare static readonly code: PortsliceErrorCode;
  abstract readonly code: PortsliceErrorCode;

  static {
    // On the prototype, so that no error shows it.
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }

  constructor(message: string, cause?: unknown) {
    // An own property `cause` that is undefined would be shown.
    super(message, cause === undefined ? undefined : { cause });
    // Each class states its name, since bundlers and minifiers rename classes.
    this.name = new.target.name;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (super[Symbol.hasInstance](value)) return true;
    if (typeof value !== 'object' || value === null || !(BRAND in value)) return false;
    // A class that a user has derived has no code of its own, and no other copy knows it.
    return this === PortsliceError || (Object.hasOwn(this, 'code') && hasCode(value, this.code));
  }
}

function hasCode(value: object, code: PortsliceErrorCode): boolean {
  return 'code' in value && value.code === code;
}
